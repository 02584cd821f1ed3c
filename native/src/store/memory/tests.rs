//! Bounds, and what stays behind.

use super::*;
use crate::store::ManualClock;

const EXPIRES: UnixTime = UnixTime::from_secs(100);

fn put(record: &[u8], owner: Option<OwnerKey>) -> Put<'_> {
    let filing = owner.map(|owner| Filing { owner, entry: b"entry", is_new: true, until: EXPIRES });
    let key = StoreKey::from_bytes(&[1; 32]);
    Put { key, record, expires_at: EXPIRES, condition: Condition::Any, filing }
}

#[tokio::test]
async fn nothing_stays_behind() {
    let clock = ManualClock::new(UnixTime::from_secs(1));
    let store = MemoryStore::with_limits(10_000, clock.clone());
    let owners = [OwnerKey::from_bytes(&[1; 32]), OwnerKey::from_bytes(&[2; 32])];
    for round in 0..4 {
        for (owner, length) in
            [(Some(owners[0]), 10), (Some(owners[1]), 1_000), (None, 1), (Some(owners[0]), 0)]
        {
            assert_eq!(store.put(put(&vec![0; length], owner)).await.unwrap(), Outcome::Applied);
            let stats = store.stats(&Progress::none()).await.unwrap();
            let entry = if owner.is_some() { 5 } else { 0 };
            let expected = (1, Some(u64::from(owner.is_some())), Some(length as u64 + entry));
            assert_eq!((stats.records, stats.owners, stats.bytes), expected);
        }
        match round {
            0 => assert_eq!(store.delete_owned(&owners[0], Which::All).await.unwrap(), 1),
            1 => {
                assert_eq!(
                    store.delete(&put(b"", None).key, Condition::Any).await.unwrap(),
                    Outcome::Applied
                );
            }
            2 => assert_eq!(store.purge_expired(EXPIRES, &Progress::none()).await.unwrap(), 1),
            _ => {
                clock.set(EXPIRES);
                assert_eq!(store.delete_owned(&owners[0], Which::All).await.unwrap(), 0);
            }
        }
        assert_eq!(store.0.bytes.load(Ordering::Relaxed), 0);
        assert_eq!(store.stats(&Progress::none()).await.unwrap().owners, Some(0));
    }
}

#[tokio::test]
async fn it_is_bounded_and_recovers() {
    let store = MemoryStore::with_limits(1_000, ManualClock::default());
    assert_eq!(store.put(put(&[1; 500], None)).await.unwrap(), Outcome::Applied);
    let error = store.put(put(&[2; 800], None)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    let key = put(b"", None).key;
    assert_eq!(store.get(&key).await.unwrap().unwrap(), [1; 500]);
    assert_eq!(store.put(put(&[3; 700], None)).await.unwrap(), Outcome::Applied);
}
