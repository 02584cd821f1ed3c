//! The tables of [`super`], computed from the field of AES and its S-box.
//!
//! # How a byte is inverted with tables of sixteen bytes
//!
//! The S-box inverts its byte in GF(2⁸), the field of FIPS 197 section 4, with 0 for 0, and applies an affine map. The field has a
//! smaller one inside, GF(2⁴), whose sixteen elements each fit half a byte, and it holds a [`T`] with `T¹⁶ = T + 1`. Every element `x` of
//! GF(2⁸) is `i + k·T` for two elements `i` and `k` of GF(2⁴), written here as one byte with `i` in its upper half and `k` in its
//! lower half: [`PACK`].
//!
//! Let `j = i + k`, and let 1/a be `T·(T + 1) = T¹⁷`, an element of GF(2⁴) as every norm is. The conjugate of `x` is
//! `x¹⁶ = i + k·(T + 1) = j + k·T`, its norm is `N = x·x¹⁶ = i·j + k²/a`, and `1/x = (j + k·T)/N`. With
//!
//! ```text
//! u = 1/(1/i + a/k) + j = i·k/(k + a·i) + j = (i·k + j·k + a·i·j)/(k + a·i) = a·N/(k + a·i)      since i + j = k
//! v = 1/(1/j + a/k) + i                                                     = a·N/(k + a·j)
//! ```
//!
//! `1/u + 1/v = k/N` and `1/v + k/(a·N) = j/N`, so that
//!
//! ```text
//! 1/x = j/N + T·k/N = 1/v + (1/a + T)·(1/u + 1/v) = T²·(1/u) + (T + 1)²·(1/v)                    since 1/a = T² + T
//! ```
//!
//! All of that is sums, which are exclusive or, and functions of one element of GF(2⁴), which are tables of sixteen. What follows an
//! inversion is linear (the S-box's affine map but for its constant, the factors of MixColumns), so the last tables have it
//! within: [`of_inverse`].
//!
//! Division by zero gives [`INFINITY`], which stays infinite when a half byte is added, and whose entry in every table is 0, as 1/∞
//! should be. The formulas hold then too: for `i = 0`, `u = j = k = a·N/k`; for `k = 0`, `u = j = i = a·N/(a·i)`; for `k + a·i = 0`,
//! u = ∞ and 1/u = 0. For `x = 0`, ∞ + ∞ is 0, whose inverse is ∞ once more, so that u and v are ∞ and 1/x is 0.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "it runs in the compiler"
)]

use super::lanes::Lanes;

/// A table of sixteen bytes, one for each value of half a byte.
type Table = [u8; 16];

/// 1/0: no half byte, and none when one is added.
const INFINITY: u8 = 0x80;

/// What the S-box adds, FIPS 197 section 5.1.1.
pub(super) const SUB_BYTES_CONSTANT: u8 = 0x63;

/// The product in GF(2⁸), FIPS 197 section 4.2: modulo x⁸ + x⁴ + x³ + x + 1.
const fn product(one: u8, other: u8) -> u8 {
    let (mut sum, mut power, mut bit) = (0, one, 0);
    while bit < 8 {
        if (other >> bit) & 1 == 1 {
            sum ^= power;
        }
        power = double(power);
        bit += 1;
    }
    sum
}

/// The product with x.
pub(super) const fn double(byte: u8) -> u8 {
    (byte << 1) ^ if byte & 0x80 == 0 { 0 } else { 0x1b }
}

const fn power(base: u8, exponent: u32) -> u8 {
    let (mut power, mut done) = (1, 0);
    while done < exponent {
        power = product(power, base);
        done += 1;
    }
    power
}

/// 1/byte, and 0 for 0: there are 255 others, so each to the power of 255 is 1.
const fn inverse(byte: u8) -> u8 {
    power(byte, 254)
}

/// An element whose first fifteen powers are those of GF(2⁴) but for 0: 3 generates all 255 = 15 · 17.
const GENERATOR: u8 = power(3, 17);

/// The smallest that, with its conjugate, has the sum 1.
const T: u8 = {
    let mut byte = 0;
    while power(byte, 16) ^ byte != 1 {
        byte += 1;
    }
    byte
};

/// A map that keeps sums, as what it makes of each of the eight bits.
type Linear = [u8; 8];

/// What `map` makes of a byte.
const fn image(map: Linear, byte: u8) -> u8 {
    let (mut sum, mut bit) = (0, 0);
    while bit < 8 {
        if (byte >> bit) & 1 == 1 {
            sum ^= map[bit];
        }
        bit += 1;
    }
    sum
}

/// `map`, then `next`.
const fn then(map: Linear, next: Linear) -> Linear {
    let (mut both, mut bit) = ([0; 8], 0);
    while bit < 8 {
        both[bit] = image(next, map[bit]);
        bit += 1;
    }
    both
}

/// What undoes `map`.
const fn undo(map: Linear) -> Linear {
    let (mut undo, mut byte) = ([0; 8], 0);
    while byte < 0xff {
        byte += 1;
        let image = image(map, byte);
        if image.is_power_of_two() {
            undo[image.trailing_zeros() as usize] = byte;
        }
    }
    undo
}

/// The product with a factor.
const fn times(factor: u8) -> Linear {
    let (mut map, mut bit) = ([0; 8], 0);
    while bit < 8 {
        map[bit] = product(factor, 1 << bit);
        bit += 1;
    }
    map
}

/// What the S-box makes of an inverse, but for its constant, FIPS 197 section 5.1.1: each bit is the sum of five.
const SUB_BYTES: Linear = {
    let (mut map, mut bit) = ([0; 8], 0);
    while bit < 8 {
        let byte = 1_u8 << bit;
        map[bit] =
            byte ^ byte.rotate_left(1) ^ byte.rotate_left(2) ^ byte.rotate_left(3) ^ byte.rotate_left(4);
        bit += 1;
    }
    map
};

/// The element `i + k·T` whose halves these are. Each bit of a half stands for a power of the generator.
const UNPACK: Linear = {
    let (mut map, mut bit) = ([0; 8], 0);
    while bit < 4 {
        let element = power(GENERATOR, bit);
        map[bit as usize] = product(element, T);
        map[bit as usize + 4] = element;
        bit += 1;
    }
    map
};

/// The halves of an element.
const PACK: Linear = undo(UNPACK);

/// The element of GF(2⁴) that half a byte stands for.
const fn element(half: usize) -> u8 {
    image(UNPACK, (half as u8) << 4)
}

/// `factor/element` as half a byte, for each half byte.
const fn quotients(factor: u8) -> Lanes {
    let (mut table, mut half): (Table, _) = ([INFINITY; 16], 1);
    while half < 16 {
        table[half] = image(PACK, product(factor, inverse(element(half)))) >> 4;
        half += 1;
    }
    Lanes::new(table)
}

/// 1/element.
pub(super) const ONE_OVER: Lanes = quotients(1);

/// a/element.
pub(super) const A_OVER: Lanes = quotients(inverse(power(T, 17)));

/// What `map` makes of a byte's lower and of its upper half: their sum is what it makes of the byte.
const fn of_halves(map: Linear) -> [Lanes; 2] {
    let (mut tables, mut half): ([Table; 2], _) = ([[0; 16]; 2], 0);
    while half < 16 {
        tables[0][half] = image(map, half as u8);
        tables[1][half] = image(map, (half as u8) << 4);
        half += 1;
    }
    [Lanes::new(tables[0]), Lanes::new(tables[1])]
}

/// What `map` makes of 1/x, from u and v. Neither is ever 0.
const fn of_inverse(map: Linear) -> [Lanes; 2] {
    let (mut tables, mut half): ([Table; 2], _) = ([[0; 16]; 2], 1);
    while half < 16 {
        let inverse = inverse(element(half));
        tables[0][half] = image(map, product(product(T, T), inverse));
        tables[1][half] = image(map, product(product(T ^ 1, T ^ 1), inverse));
        half += 1;
    }
    [Lanes::new(tables[0]), Lanes::new(tables[1])]
}

/// From a byte to its packed form.
pub(super) const ENTER: [Lanes; 2] = of_halves(PACK);

/// What SubBytes makes of an inverse, but for its constant, packed again, and the same times 2.
pub(super) const SUBSTITUTED: [Lanes; 2] = of_inverse(then(SUB_BYTES, PACK));
pub(super) const SUBSTITUTED_TWICE: [Lanes; 2] = of_inverse(then(then(SUB_BYTES, times(2)), PACK));

/// What SubBytes makes of an inverse, but for its constant, as a plain byte.
pub(super) const LEAVE: [Lanes; 2] = of_inverse(SUB_BYTES);

/// From a byte, less the constant of SubBytes, to the packed form of what InvSubBytes inverts.
pub(super) const ENTER_BACK: [Lanes; 2] = of_halves(then(undo(SUB_BYTES), PACK));

/// The inverse as a plain byte.
pub(super) const LEAVE_BACK: [Lanes; 2] = of_inverse(times(1));

/// The inverse packed again, as the keys are.
pub(super) const REPACKED: [Lanes; 2] = of_inverse(PACK);

/// From a packed byte, less the constant of SubBytes, times a factor of InvMixColumns, to the packed form of what InvSubBytes inverts.
pub(super) const ENTER_BACK_9: [Lanes; 2] = entered_back(9);
pub(super) const ENTER_BACK_11: [Lanes; 2] = entered_back(11);
pub(super) const ENTER_BACK_13: [Lanes; 2] = entered_back(13);
pub(super) const ENTER_BACK_14: [Lanes; 2] = entered_back(14);

const fn entered_back(factor: u8) -> [Lanes; 2] {
    of_halves(then(then(then(UNPACK, times(factor)), undo(SUB_BYTES)), PACK))
}
