//! A store that fails: 503 while it does, and nothing lost afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::Browser;
use crate::process::Demo;

/// What holds while the store cannot be written to, and after `repair`.
fn assert_nothing_is_lost(browser: &mut Browser, repair: impl FnOnce()) {
    for accept in ["application/json", "text/html"] {
        let answer = browser.send(&browser.request("GET", "/").header("accept", accept)).expect(503);
        assert!(answer.body.contains("cannot be stored"), "{answer:?}");
        assert_eq!(answer.headers("set-cookie"), [""; 0]);
    }
    // A newcomer is not told that all is well, either.
    let mut newcomer = browser.clone();
    newcomer.cookie = None;
    newcomer.send(&newcomer.get("/")).expect(503);
    assert_eq!(newcomer.cookie, None);

    repair();
    let home = browser.home();
    assert_eq!((home.user.as_deref(), home.visits, home.reason), (Some("ada"), 4, None));
}

/// Has made three visits.
fn ada(demo: &Demo) -> Browser {
    let mut ada = Browser::signed_in(demo, "ada");
    assert_eq!(ada.home().visits, 3);
    ada
}

#[test]
fn when_files_cannot_grow() {
    let mut demo = Demo::start();
    let mut ada = ada(&demo);
    demo.kill();
    demo.resume_without_space();
    assert_nothing_is_lost(&mut ada, || demo.restart());
}

#[test]
fn when_the_folder_is_no_folder() {
    let demo = Demo::start();
    let mut ada = ada(&demo);
    let (store, aside) = (demo.store(), demo.folder().join("aside"));
    fs::rename(&store, &aside).unwrap();
    fs::write(&store, "a file").unwrap();
    assert_nothing_is_lost(&mut ada, || {
        fs::remove_file(&store).unwrap();
        fs::rename(&aside, &store).unwrap();
    });
}

#[test]
fn when_the_disk_is_full() {
    let mut demo = Demo::prepare(&[]);
    let Some(disk) = SmallDisk::mount(&demo.store()) else { return };
    demo.resume();
    let mut ada = ada(&demo);
    let filler = demo.store().join("filler");
    // As much as there is room for, to the last byte.
    let _ = fs::write(&filler, vec![0; SmallDisk::SIZE * 2]);
    assert_nothing_is_lost(&mut ada, || fs::remove_file(&filler).unwrap());
    demo.kill();
    drop(disk);
}

#[test]
fn when_the_disk_is_read_only() {
    let mut demo = Demo::prepare(&[]);
    let Some(disk) = SmallDisk::mount(&demo.store()) else { return };
    demo.resume();
    let mut ada = ada(&demo);
    disk.set("ro");
    assert_nothing_is_lost(&mut ada, || disk.set("rw"));
    demo.kill();
    drop(disk);
}

/// A file system of its own, which only root can have.
struct SmallDisk(PathBuf);

impl SmallDisk {
    const SIZE: usize = 256 * 1024;

    /// `None`, with a word about it, where this user may not.
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir(folder).unwrap();
        let options = format!("size={},mode=700", Self::SIZE);
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "fastsession-test"])
            .arg(folder)
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(folder.into())),
            refused => {
                eprintln!("skipped, since this user may not mount a file system: {refused:?}");
                None
            }
        }
    }

    fn set(&self, option: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, so that it goes even where a failed test left the demo running on it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
