//! Records that hold a number, and show whether they are whole.

use fastsession_core::store::StoreKey;

/// The record for `number`: some kilobytes that all depend on it.
pub fn numbered(number: u64) -> Vec<u8> {
    let words = (0..=400_u64).map(|index| number.wrapping_mul(index.wrapping_mul(2).wrapping_add(1)));
    words.flat_map(u64::to_le_bytes).collect()
}

/// The number in a record.
///
/// # Errors
/// If the record is not one that [`numbered`] makes.
pub fn number(record: &[u8]) -> Result<u64, String> {
    let number = record.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    match number {
        Some(number) if numbered(number) == record => Ok(number),
        _ => Err(format!("a record of {} bytes is torn", record.len())),
    }
}

/// Eight keys made of one.
pub fn numbered_keys(key: StoreKey) -> Vec<StoreKey> {
    (0..8)
        .map(|number| {
            let mut bytes = *key.as_bytes();
            bytes[0] = number;
            StoreKey::from_bytes(&bytes)
        })
        .collect()
}
