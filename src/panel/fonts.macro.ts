// Runs while bundling (import with { type: 'macro' }): the fonts become literals of the executable.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dir, 'assets/fonts')

/** The name of each font file and its bytes in Base64. */
export const loadFonts = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.woff2'))
      .sort()
      .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  )
