//! How much stack the phases take: on a device there is little, and each is moved from one to the next.

use core::mem::size_of;

use super::super::{Commit, Finished, Pending};
use crate::session::Session;

type Lent = &'static mut heapless::VecView<u8>;

#[test]
fn phases_stay_small() {
    // On a 32-bit processor they are smaller yet.
    let sizes = [
        ("Pending", size_of::<Pending>(), 256),
        ("Session", size_of::<Session<Lent>>(), 672),
        ("Commit", size_of::<Commit<Lent>>(), 1_232),
        ("Finished", size_of::<Finished<Lent>>(), 904),
    ];
    for (phase, size, most) in sizes {
        assert!(size <= most, "{phase}: {size} bytes");
        std::println!("{phase}: {size} bytes");
    }
}
