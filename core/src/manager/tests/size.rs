//! How much stack the phases take: on a device there is little, and each is moved from one to the next. With a heap
//! most of them lies there.

use core::mem::size_of;

use super::super::Pending;
use super::super::commit::Work;
use crate::session::State;

type Lent = &'static mut heapless::VecView<u8>;

#[test]
fn phases_stay_small() {
    // On a 32-bit processor they are smaller yet.
    let sizes = [
        ("Pending", size_of::<Pending>(), 256),
        ("Session", size_of::<State<Lent>>(), 560),
        ("Commit, beside its session", size_of::<Work>(), 600),
    ];
    for (phase, size, most) in sizes {
        assert!(size <= most, "{phase}: {size} bytes");
        std::println!("{phase}: {size} bytes");
    }
}
