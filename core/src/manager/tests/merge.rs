//! Conflicts: the merge of two requests' changes is what the second would have done after the first.

use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::{Bytes, Host};
use crate::session::Session;

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Copy, Debug)]
enum Change {
    Insert(usize, i32),
    Remove(usize),
    Update(usize, i32),
    Clear,
}

type Model = BTreeMap<String, i32>;

fn changes(fewer_than: usize) -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (0..KEYS.len(), 0..1_000).prop_map(|(key, value)| Change::Insert(key, value)),
        (0..KEYS.len()).prop_map(Change::Remove),
        (0..KEYS.len(), 1..9).prop_map(|(key, step)| Change::Update(key, step)),
        Just(Change::Clear),
    ];
    proptest::collection::vec(change, 0..fewer_than)
}

/// Neither a sum nor a product, so that the order of updates shows.
fn updated(value: Option<i32>, step: i32) -> i32 {
    value.unwrap_or(0).wrapping_mul(3).wrapping_add(step)
}

fn apply(session: &mut Session<Bytes>, change: Change) {
    match change {
        Change::Insert(key, value) => session.insert(KEYS[key], &value).unwrap(),
        Change::Remove(key) => drop(session.remove(KEYS[key]).unwrap()),
        Change::Update(key, step) => drop(session.update(KEYS[key], |value| updated(value, step)).unwrap()),
        Change::Clear => session.clear().unwrap(),
    }
}

fn apply_to_model(model: &mut Model, change: Change) {
    match change {
        Change::Insert(key, value) => drop(model.insert(KEYS[key].into(), value)),
        Change::Remove(key) => drop(model.remove(KEYS[key])),
        Change::Update(key, step) => {
            let new = updated(model.get(KEYS[key]).copied(), step);
            model.insert(KEYS[key].into(), new);
        }
        Change::Clear => model.clear(),
    }
}

/// Commits as a driver does that keeps the updates and runs those again that a conflict asks for.
fn commit(host: &mut Host, mut session: Session<Bytes>, changes: &[Change]) {
    for _ in 0..3 {
        let commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
        match host.apply(commit) {
            Ok(_) => return,
            Err(merged) => session = merged,
        }
        let pending: Vec<String> = session.pending_updates().map(ToString::to_string).collect();
        for change in changes {
            if let Change::Update(key, _) = change
                && pending.iter().any(|pending| pending == KEYS[*key])
            {
                apply(&mut session, *change);
            }
        }
    }
    panic!("the commit did not come to an end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn a_merge_is_the_second_request_after_the_first(
        base in changes(8), saved in changes(3), first in changes(8), second in changes(8), labels in any::<bool>(),
    ) {
        let mut host = Host::new();
        let mut session = host.load("");
        let mut model = Model::new();
        for change in base {
            apply(&mut session, change);
            apply_to_model(&mut model, change);
        }
        // A session that holds nothing would not be stored.
        session.insert("kept", &0).unwrap();
        model.insert("kept".into(), 0);
        let cookie = host.save(session).cookie;

        // The second is a stream, which has saved something before.
        let mut other = host.load(&cookie);
        for change in saved {
            apply(&mut other, change);
            apply_to_model(&mut model, change);
        }
        if !host.manager.settle(&mut other, host.now) {
            let alone = host.manager.commit(other, host.now, &mut host.rng).unwrap();
            other = host.manager.reopen(host.apply(alone).expect("no conflict"), host.now);
        }

        let mut one = host.load(&cookie);
        for (session, changes) in [(&mut one, &first), (&mut other, &second)] {
            for change in changes {
                apply(session, *change);
            }
        }
        if labels {
            other.set_label("second").unwrap();
        }
        let committed = other.is_changed();
        commit(&mut host, one, &first);
        commit(&mut host, other, &second);
        for change in first.iter().chain(second.iter().filter(|_| committed)) {
            apply_to_model(&mut model, *change);
        }
        let session = host.load(&cookie);
        let stored: Model =
            session.keys().map(|key| (key.to_string(), session.get(key).unwrap().unwrap())).collect();
        prop_assert_eq!(stored, model);
    }
}
