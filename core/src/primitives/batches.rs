//! AES decryption by whole batches, for targets without AES instructions.
//!
//! There one block takes as long as the four that are decrypted at once, by code of its own. Without that code the module is
//! smaller, and no slower.
#![cfg(any(test, target_arch = "wasm32"))]

use aes::Aes128;
use cbc::cipher::consts::U16;
use cbc::cipher::inout::InOut;
use cbc::cipher::{
    Block, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockSizeUser, ParBlocks,
    ParBlocksSizeUser,
};

/// Decrypts as the cipher does, but single blocks as a batch of which only the first block counts.
pub(super) struct Batched<'a>(pub(super) &'a Aes128);

impl BlockSizeUser for Batched<'_> {
    type BlockSize = U16;
}

impl BlockCipherDecrypt for Batched<'_> {
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        self.0.decrypt_with_backend(Closure(f));
    }
}

/// What is to be done with a backend, to be done with [`Batches`] of it.
struct Closure<F>(F);

impl<F> BlockSizeUser for Closure<F> {
    type BlockSize = U16;
}

impl<F: BlockCipherDecClosure<BlockSize = U16>> BlockCipherDecClosure for Closure<F> {
    fn call<B: BlockCipherDecBackend<BlockSize = U16>>(self, backend: &B) {
        self.0.call(&Batches(backend));
    }
}

struct Batches<'a, B>(&'a B);

impl<B> BlockSizeUser for Batches<'_, B> {
    type BlockSize = U16;
}

impl<B: BlockCipherDecBackend<BlockSize = U16>> ParBlocksSizeUser for Batches<'_, B> {
    type ParBlocksSize = B::ParBlocksSize;
}

impl<B: BlockCipherDecBackend<BlockSize = U16>> BlockCipherDecBackend for Batches<'_, B> {
    fn decrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let mut batch = ParBlocks::<Self>::default();
        if let Some(first) = batch.first_mut() {
            *first = block.clone_in();
        }
        self.decrypt_par_blocks((&mut batch).into());
        if let Some(first) = batch.first() {
            *block.get_out() = *first;
        }
    }

    #[inline(never)]
    fn decrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.0.decrypt_par_blocks(blocks);
    }
}

#[cfg(test)]
mod tests {
    use cbc::cipher::array::Array;
    use cbc::cipher::{BlockModeDecrypt, InnerIvInit, KeyInit};

    use super::*;

    #[test]
    fn it_is_the_same_as_without() {
        let cipher = Aes128::new(&[7; 16].into());
        let blocks: [[u8; 16]; 40] = core::array::from_fn(|at| [u8::try_from(at).unwrap(); 16]);
        for count in 0..=blocks.len() {
            let (mut one, mut other) = (blocks, blocks);
            let iv = Array::from([9; 16]);
            cbc::Decryptor::inner_iv_init(&cipher, &iv)
                .decrypt_blocks(Array::cast_slice_from_core_mut(&mut one[..count]));
            cbc::Decryptor::inner_iv_init(Batched(&cipher), &iv)
                .decrypt_blocks(Array::cast_slice_from_core_mut(&mut other[..count]));
            assert_eq!(one, other);
        }
    }
}
