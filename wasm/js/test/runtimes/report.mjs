/** Says what a run came to, and lets the process fail if a test did. */
export function report(runtime, { count, failures }) {
  for (const failure of failures) console.error(`${runtime}: ${failure}`);
  console.log(`${runtime}: ${count - failures.length} of ${count} passed`);
  if (failures.length > 0) process.exitCode = 1;
}
