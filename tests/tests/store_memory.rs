//! The memory store keeps the contract, as it is and behind `DynStore`.

use fastsession::store::{Clock, DynStore, ManualClock, MemoryStore, Store};
use fastsession::testing::Subject;
use fastsession_core::time::UnixTime;

struct Memory<S> {
    store: S,
    clock: ManualClock,
}

impl<S: Store + Clone> Subject for Memory<S> {
    type Store = S;

    async fn open(&self) -> S {
        self.store.clone()
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

fn memory() -> Memory<MemoryStore> {
    let clock = ManualClock::new(UnixTime::now());
    Memory { store: MemoryStore::with_limits(1 << 30, clock.clone()), clock }
}

fastsession::store_contract!(memory());

mod behind_dyn_store {
    use super::{DynStore, Memory, memory};

    fn dynamic() -> Memory<DynStore> {
        let Memory { store, clock } = memory();
        Memory { store: DynStore::new(store), clock }
    }

    fastsession::store_contract!(dynamic());
}
