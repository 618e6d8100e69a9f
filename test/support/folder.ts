import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NAME = 'sipkeeper-test-'

/** Where the tests of this process keep what they write. */
export const testFolder = mkdtempSync(join(tmpdir(), NAME))

// bun's test runner ends without telling anybody, so each run takes away what the ones before yesterday left.
const yesterday = Date.now() - 24 * 3_600_000
for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(NAME))) {
  const old = join(tmpdir(), name)
  if ((statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? yesterday) < yesterday)
    rmSync(old, { recursive: true, force: true })
}

/** Where browser tests put pictures for whoever wants to look at them; null: nobody does, and none are taken. */
export const artefacts = process.env.TEST_ARTEFACTS || null
