// Runs while bundling (import with { type: 'macro' }): the text becomes a literal of the executable.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `import type { Hooks } from 'sipkeeper/hooks'` finds when this stands in a `.d.ts` beside the hooks file. */
export const hooksDeclaration = (): string => {
  const lines = readFileSync(join(import.meta.dir, 'types.ts'), 'utf8')
    .trimEnd()
    .split('\n')
  return `declare module 'sipkeeper/hooks' {\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n}`
}
