/** Long enough for a machine that does much else. */
const WITHIN_MS = 30_000

/**
 * Until `holds`, for what happens by itself in a moment. A question that fails is asked again: a sentinel closes
 * everybody's connections to a server that it makes the master.
 */
export const eventually = async (
  holds: () => boolean | Promise<boolean>,
  explain: () => string = () => '',
): Promise<void> => {
  const started = performance.now()
  const asked = async () => holds()
  while (!(await asked().catch(() => false))) {
    if (performance.now() - started > WITHIN_MS) throw new Error(`It did not happen. ${explain()}`)
    await Bun.sleep(3)
  }
}
