//! Real servers on free loopback ports, for tests. They end with the value that stands for them, and with the
//! test's process however that ends.

mod certificate;
mod process;
mod redis;
mod sql;

pub use self::certificate::Certificate;
pub use self::process::{Process, free_port, wait_for_port, wait_until};
pub use self::redis::{Cluster, RedisServer, Sentinels, redis_cli};
pub use self::sql::SqlServer;
