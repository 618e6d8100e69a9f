import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from '../../src/cli/program.ts'

const root = join(import.meta.dir, '../..')
const program = commandLine()
const commands = new Set(program.commands.flatMap((command) => [command.name(), ...command.aliases()]))
const groups = [...new Set([...commands].filter((name) => name.includes(':')).map((name) => name.split(':')[0]))]

/** `accounts:set-admin`, but neither `space:read` in a sentence nor a host with its port. */
const inGroup = new RegExp(`(?<![\\w:/.-])(?:${groups.join('|')}):[a-z][a-z-]*`, 'g')
/** `sipkeeper doctor`; what follows may be an option, and then says nothing. */
const called = /(?:^|[`\s])sipkeeper ([a-z][a-z:-]+)(?! ready)(?=[\s`]|$)/gm

const texts = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'src/messages/en.json',
  'src/messages/fr.json',
  ...['cli', 'config'].flatMap((folder) =>
    readdirSync(join(root, 'src', folder)).map((name) => join('src', folder, name)),
  ),
]

/** Code blocks and what stands in backquotes: elsewhere "sipkeeper serves" is a sentence. */
const codeOf = (text: string): string =>
  [...text.matchAll(/```[a-z]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map(([, block, inline]) => block ?? inline).join('\n')

test('every command that a document or a message names exists', () => {
  expect(commands.size).toBeGreaterThan(30)
  const unknown = texts.flatMap((file) => {
    const whole = readFileSync(join(root, file), 'utf8')
    // Its first part names what the reference has and we have not.
    const text = file === 'docs/compatibility.md' ? whole.slice(whole.indexOf('\n## 2')) : whole
    const named = [
      ...(text.match(inGroup) ?? []),
      ...(file.endsWith('.md') ? [...codeOf(text).matchAll(called)].map(([, name]) => name ?? '') : []),
    ]
    return named.filter((name) => !commands.has(name)).map((name) => `${file}: ${name}`)
  })
  expect(unknown).toEqual([])
})

test('every command stands in the list of docs/operations.md', () => {
  const listed = readFileSync(join(root, 'docs/operations.md'), 'utf8')
  const missing = [...commands].filter((name) => {
    const [, action] = name.split(':')
    return !listed.includes(`\`${name}`) && !listed.includes(`\`:${action}\``)
  })
  expect(missing).toEqual([])
})
