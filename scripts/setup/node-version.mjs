// @ts-check

const NEEDED = { major: 20, minor: 19 };

/** Ends the process with a sentence a person understands, before anything that an older Node cannot parse is loaded. */
export function assertNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return;
  console.error(
    `Waybill needs Node.js ${NEEDED.major}.${NEEDED.minor} or newer; this is ${process.versions.node}. ` +
      'Install a current LTS release of Node.js, or select one with your version manager, and run this again.',
  );
  process.exit(1);
}
