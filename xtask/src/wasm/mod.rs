//! `cargo xtask wasm`: the npm package, from the core to the tarball.

mod arrange;

use crate::tools::target_folder;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

const TARGET: &str = "wasm32-unknown-unknown";

/// What every runtime that the package names can do. `wasm-opt --all-features` would emit what Node.js 20 refuses.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-simd",
    "--enable-multivalue",
];

/// What makes the module smallest once it is compressed, by measurement: functions are inlined only where they are next to nothing, or
/// small and called once; the same expression written twice costs less than another variable; and accesses to memory are not
/// said to be aligned, which engines take for a hint at most.
const OPTIMIZATION: [&str; 10] = [
    "-O3",
    "--one-caller-inline-max-function-size",
    "60",
    "--always-inline-max-function-size",
    "4",
    "--flexible-inline-max-function-size",
    "0",
    "--skip-pass=local-cse",
    "--converge",
    "--dealign",
];

/// The package's modules, which are features of its crate: a Worker with sessions only ships the first.
const MODULES: [&str; 2] = ["sessions", "fernet"];

/// Builds the package and gives the tarball's path.
///
/// # Errors
/// If a step fails.
pub(crate) fn build(shell: &Shell) -> Result<PathBuf> {
    check_versions(shell)?;
    let folder = target_folder(shell).join("npm");
    shell.remove_path(&folder)?;
    for name in MODULES {
        let options = ["--no-default-features", "--features", name, "-Zbuild-std=core,alloc"];
        let module = module(shell, "fastsession-wasm", &options)?;
        generate(&module, &folder, name)?;
        let generated = folder.join(format!("{name}_bg.wasm"));
        optimize(shell, &generated, &generated)?;
        shell.write_file(&generated, arrange::arrange(&shell.read_binary_file(&generated)?)?)?;
    }
    package(shell, &folder)
}

/// Builds the module that runs Project Wycheproof's cases, in the same way as the package's.
///
/// # Errors
/// If a step fails.
pub(crate) fn build_vectors(shell: &Shell) -> Result<PathBuf> {
    let module = module(shell, "fastsession-wycheproof", &["-Zbuild-std=std"])?;
    let optimized = target_folder(shell).join("wycheproof.wasm");
    optimize(shell, &module, &optimized)?;
    Ok(optimized)
}

/// Compiles a crate, and with it the parts of the standard library that `options` name: as that comes, it puts panics into words.
fn module(shell: &Shell, name: &str, options: &[&str]) -> Result<PathBuf> {
    let root = shell.current_dir();
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME")).unwrap_or_default();
    let flags = [
        // Nothing that the exports take or give is an object.
        String::from("-Ctarget-feature=+simd128,-reference-types"),
        "-Zunstable-options".into(),
        "-Cpanic=immediate-abort".into(),
        "-Zlocation-detail=none".into(),
        // What inlines small functions in fast builds, before LLVM sees them, leaves less code behind in small ones too: with
        // thresholds of 15 and 30, or of 50 and 100 as is usual, it is half a percent more.
        "-Zinline-mir=yes".into(),
        "-Zinline-mir-threshold=30".into(),
        "-Zinline-mir-hint-threshold=60".into(),
        // What is marked as worth inlining for fast builds is inlined where it is small, as all else is: with LLVM's threshold for
        // it, which is six times the other one, a thirtieth is added.
        "-Cllvm-args=-inlinehint-threshold=0".into(),
        // Loops count as they are written, and not in steps that only other processors' addresses gain from.
        "-Cllvm-args=-disable-lsr".into(),
        // The package does not tell who built it, or where.
        format!("--remap-path-prefix={}=fastsession", root.display()),
        format!("--remap-path-prefix={home}=cargo"),
    ];
    let command = cmd!(shell, "cargo build -p {name} {options...} --lib --profile wasm --target {TARGET}");
    command
        .arg("-Zbuild-std-features=")
        // These flags are not stable yet. The compiler is, and what it makes is tested.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .run()?;
    let file = format!("{}.wasm", name.replace('-', "_"));
    Ok(target_folder(shell).join(TARGET).join("wasm").join(file))
}

/// A module has to be finished by the version that it was compiled with.
fn check_versions(shell: &Shell) -> Result<()> {
    let lock = shell.read_file("Cargo.lock")?;
    let version = |name: &str| {
        let entry =
            lock.split("[[package]]").find(|entry| entry.contains(&format!("name = \"{name}\"\n")))?;
        entry.lines().find_map(|line| line.strip_prefix("version = ").map(str::to_owned))
    };
    let (library, tool) = (version("wasm-bindgen"), version("wasm-bindgen-cli-support"));
    if library.is_none() || library != tool {
        bail!(
            "Cargo.lock has wasm-bindgen {library:?} and wasm-bindgen-cli-support {tool:?}: run `cargo update` for both"
        );
    }
    Ok(())
}

/// Finishes the module: takes out what describes its exports. The JavaScript that comes with it is not used, since all exports take and
/// give numbers.
fn generate(module: &Path, folder: &Path, name: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name(name).typescript(false).remove_name_section(true);
    bindgen.remove_producers_section(true).bundler(true)?;
    bindgen.generate(folder).context("wasm-bindgen failed")
}

/// The lowest memory is the far end of the stack, of which no address is taken: the optimizer may know that.
fn optimize(shell: &Shell, module: &Path, optimized: &Path) -> Result<()> {
    let optimizer = shell.current_dir().join("wasm/js/node_modules/binaryen/bin/wasm-opt");
    cmd!(
        shell,
        "node {optimizer} {OPTIMIZATION...} --low-memory-unused --strip-target-features {FEATURES...} {module} -o {optimized}"
    )
    .run()?;
    Ok(())
}

/// Compiles the TypeScript around it and packs all.
fn package(shell: &Shell, generated: &Path) -> Result<PathBuf> {
    let _folder = shell.push_dir("wasm/js");
    cmd!(shell, "node build/package.mjs {generated}").run()?;
    let packed = cmd!(shell, "npm pack --json --pack-destination {generated}").read()?;
    let name = packed
        .lines()
        .find_map(|line| line.trim().strip_prefix("\"filename\": \"")?.strip_suffix("\","))
        .context("npm pack names no file")?;
    Ok(generated.join(name))
}
