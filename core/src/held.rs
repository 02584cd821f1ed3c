//! Where what is large about a phase lies: phases are moved from hand to hand, and a pointer moves faster than half a kilobyte.

/// A `T` on the heap.
#[cfg(feature = "alloc")]
pub(crate) type Held<T> = alloc::boxed::Box<T>;

/// What `make` gives, written where it is to lie rather than moved there.
#[cfg(feature = "alloc")]
#[expect(clippy::unnecessary_box_returns, reason = "to lie on the heap is what it is for")]
#[inline]
pub(crate) fn held<T>(make: impl FnOnce() -> T) -> Held<T> {
    let place = Held::new_uninit();
    Held::write(place, make())
}

/// What `make` gives.
#[cfg(not(feature = "alloc"))]
#[inline]
pub(crate) fn held<T>(make: impl FnOnce() -> T) -> Held<T> {
    Held(make())
}

/// A `T` where its owner is: there is no heap.
#[cfg(not(feature = "alloc"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held<T>(T);

#[cfg(not(feature = "alloc"))]
impl<T> Held<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }
}

#[cfg(not(feature = "alloc"))]
impl<T> core::ops::Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(not(feature = "alloc"))]
impl<T> core::ops::DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// What is held.
#[cfg(feature = "alloc")]
#[expect(clippy::boxed_local, reason = "it is taken out of its box")]
pub(crate) fn into_inner<T>(held: Held<T>) -> T {
    *held
}

/// What is held.
#[cfg(not(feature = "alloc"))]
pub(crate) fn into_inner<T>(held: Held<T>) -> T {
    held.0
}
