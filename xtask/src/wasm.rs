//! `cargo xtask wasm`: the npm package, from the core to the tarball.

use crate::tools::target_folder;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

/// What every runtime that the package names can do. `wasm-opt --all-features` would emit what Node.js 20 refuses.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
    "--enable-multivalue",
];

/// Builds the package and gives the tarball's path.
///
/// # Errors
/// If a step fails.
pub(crate) fn build(shell: &Shell) -> Result<PathBuf> {
    check_versions(shell)?;
    let module = module(shell, "fastsession-wasm")?;
    let generated = generated(shell, &module)?;
    let generated_module = generated.join("fastsession_bg.wasm");
    optimize(shell, &generated_module, &generated_module)?;
    package(shell, &generated)
}

/// Builds the module that runs Project Wycheproof's cases, in the same way as the package's.
///
/// # Errors
/// If a step fails.
pub(crate) fn build_vectors(shell: &Shell) -> Result<PathBuf> {
    let module = module(shell, "fastsession-wycheproof")?;
    let optimized = target_folder(shell).join("wycheproof.wasm");
    optimize(shell, &module, &optimized)?;
    Ok(optimized)
}

/// Compiles a crate.
fn module(shell: &Shell, name: &str) -> Result<PathBuf> {
    let root = shell.current_dir();
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME")).unwrap_or_default();
    // The package does not tell who built it, or where.
    let flags = format!(
        "-Ctarget-feature=+simd128 --remap-path-prefix={}=fastsession --remap-path-prefix={home}=cargo",
        root.display()
    );
    cmd!(shell, "cargo build -p {name} --lib --profile wasm --target wasm32-unknown-unknown")
        .env("RUSTFLAGS", flags)
        .run()?;
    let file = format!("{}.wasm", name.replace('-', "_"));
    Ok(target_folder(shell).join("wasm32-unknown-unknown/wasm").join(file))
}

/// The glue has to be made by the version that the module was compiled with.
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

/// Makes the glue, and a module that goes with it.
fn generated(shell: &Shell, module: &Path) -> Result<PathBuf> {
    let folder = target_folder(shell).join("npm");
    shell.remove_path(&folder)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name("fastsession").typescript(false).remove_name_section(true);
    bindgen.remove_producers_section(true).bundler(true)?;
    bindgen.generate(&folder).context("wasm-bindgen failed")?;
    Ok(folder)
}

fn optimize(shell: &Shell, module: &Path, optimized: &Path) -> Result<()> {
    let optimizer = shell.current_dir().join("wasm/js/node_modules/binaryen/bin/wasm-opt");
    let features = FEATURES;
    cmd!(shell, "node {optimizer} -O3 {features...} {module} -o {optimized}").run()?;
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
