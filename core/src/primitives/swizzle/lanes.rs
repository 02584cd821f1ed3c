//! Sixteen bytes that the processor works on at once: a vector of WebAssembly, or, for the tests, an array.

pub(super) use self::target::Lanes;

impl core::ops::BitXor for Lanes {
    type Output = Self;

    #[inline]
    fn bitxor(self, other: Self) -> Self {
        self.xor(other)
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod target {
    use core::arch::wasm32::{
        i8x16_swizzle, u8x16_splat, u64x2, u64x2_extract_lane, u64x2_shr, v128, v128_and, v128_xor,
    };

    #[derive(Clone, Copy)]
    pub(in super::super) struct Lanes(v128);

    impl Lanes {
        #[inline]
        #[expect(clippy::cast_possible_truncation, reason = "one half after the other")]
        pub(in super::super) const fn new(bytes: [u8; 16]) -> Self {
            let bits = u128::from_le_bytes(bytes);
            Self(u64x2(bits as u64, (bits >> 64) as u64))
        }

        #[inline]
        pub(in super::super) fn bytes(self) -> [u8; 16] {
            let (low, high) = (u64x2_extract_lane::<0>(self.0), u64x2_extract_lane::<1>(self.0));
            (u128::from(low) | u128::from(high) << 64).to_le_bytes()
        }

        /// The bytes at these places, and 0 for a place of 16 or more. The time depends on neither.
        #[inline]
        pub(in super::super) fn at(self, places: Self) -> Self {
            Self(i8x16_swizzle(self.0, places.0))
        }

        #[inline]
        pub(super) fn xor(self, other: Self) -> Self {
            Self(v128_xor(self.0, other.0))
        }

        /// The lower half of each byte.
        #[inline]
        pub(in super::super) fn low(self) -> Self {
            Self(v128_and(self.0, u8x16_splat(0xf)))
        }

        /// The upper half of each byte.
        #[inline]
        pub(in super::super) fn high(self) -> Self {
            Self(u64x2_shr(self.0, 4)).low()
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod target {
    #[derive(Clone, Copy)]
    pub(in super::super) struct Lanes([u8; 16]);

    impl Lanes {
        pub(in super::super) const fn new(bytes: [u8; 16]) -> Self {
            Self(bytes)
        }

        pub(in super::super) const fn bytes(self) -> [u8; 16] {
            self.0
        }

        pub(in super::super) fn at(self, places: Self) -> Self {
            Self(places.0.map(|place| self.0.get(usize::from(place)).copied().unwrap_or(0)))
        }

        pub(super) fn xor(self, other: Self) -> Self {
            Self((u128::from_ne_bytes(self.0) ^ u128::from_ne_bytes(other.0)).to_ne_bytes())
        }

        pub(in super::super) fn low(self) -> Self {
            Self(self.0.map(|byte| byte & 0xf))
        }

        pub(in super::super) fn high(self) -> Self {
            Self(self.0.map(|byte| byte >> 4))
        }
    }
}
