import { expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Command } from 'commander'
import { EXAMPLES } from '../../src/cli/examples.ts'
import { EXIT } from '../../src/cli/exit.ts'
import { commandLine } from '../../src/cli/program.ts'
import { hasProgram } from '../support/executable.ts'
import { sipkeeper } from './command.ts'

const program = commandLine()
const here = { env: { HOME: '/nonexistent', DATA_DIR: '/nonexistent' } }

const helpOf = (command: Command): string => {
  let text = ''
  command
    .configureOutput({
      writeOut: (piece) => {
        text += piece
      },
    })
    .outputHelp()
  return text
}

test('help of every command has a sentence, its options, examples and how it may end', () => {
  for (const command of program.commands) {
    const help = helpOf(command)
    const [usage = '', , said = ''] = help.split('\n')
    expect(usage).toStartWith(`Usage: sipkeeper ${command.name()}`)
    expect([command.name(), said]).toEqual([command.name(), expect.stringMatching(/^[A-Z]/)])
    for (const { long } of command.options) expect(help).toContain(long ?? '')
    expect(help).toMatch(/\nExamples?:\n {2}sipkeeper /)
    for (const code of Object.values(EXIT)) expect(help).toMatch(new RegExp(`\\n  ${code} +[a-z]`))
  }
})

test('commands are described in one style: what they do, without a capital and a full stop', () => {
  // `list`, `print`, `create`; never "the settings", "what waits".
  const others = program.commands.filter(
    (command) =>
      !/^[a-z]+ /.test(command.description()) ||
      /^(?:a|an|the|what|which|whether|how|its)\b/.test(command.description()) ||
      command.description().endsWith('.'),
  )
  expect(others.map((command) => command.name())).toEqual([])
  const silent = program.commands.flatMap((command) =>
    [
      ...command.options.map(({ long, description }) => [long, description] as const),
      ...command.registeredArguments.map((one) => [one.name(), one.description] as const),
    ]
      .filter(([, description]) => description === '' || description.endsWith('.'))
      .map(([name]) => `${command.name()} ${name}`),
  )
  expect(silent).toEqual([])
})

test('every example is of its command, and is understood', async () => {
  expect(Object.keys(EXAMPLES).filter((name) => !program.commands.some((one) => one.name() === name))).toEqual([])
  for (const [name, examples] of Object.entries(EXAMPLES)) {
    for (const example of examples) {
      const words = example.split(/ [<>|] /)[0]?.split(' ') ?? []
      expect(words[0]).toBe(name)
      const fresh = commandLine()
      let ran = ''
      for (const command of fresh.commands) {
        command.action(() => {
          ran = command.name()
        })
      }
      fresh.configureOutput({ writeErr: () => {} })
      await fresh.parseAsync(words, { from: 'user' })
      expect(ran).toBe(name)
    }
  }
})

const page = async (): Promise<string> => {
  const { code, stdout, stderr } = await sipkeeper(['man'], here)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

const complaints = async (words: readonly string[], text: string): Promise<string[]> => {
  const child = Bun.spawn([...words], { stdin: new TextEncoder().encode(text), stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return `${words[0] === 'mandoc' ? out : ''}${err}`.split('\n').filter((line) => line !== '')
}

test.skipIf(!hasProgram('mandoc'))(
  'mandoc finds nothing wrong with the manual page but that it has no date',
  async () => {
    const found = await complaints(['mandoc', '-T', 'lint'], await page())
    expect(found.filter((line) => !line.includes('missing date'))).toEqual([])
  },
)

test.skipIf(!hasProgram('groff'))('groff has no warning about the manual page', async () => {
  expect(await complaints(['groff', '-man', '-ww', '-Tutf8', '-K', 'utf8'], await page())).toEqual([])
})

test.skipIf(!hasProgram('mandoc'))('the manual page has every command, option, setting and exit code', async () => {
  const child = Bun.spawn(['mandoc', '-T', 'utf8', '-O', 'width=400'], {
    stdin: new TextEncoder().encode(await page()),
    stdout: 'pipe',
  })
  // Bold is written as a letter, a step back and the letter again.
  const text = (await new Response(child.stdout).text()).replaceAll(/.\x08/g, '')
  for (const command of program.commands) {
    for (const name of [command.name(), ...command.aliases()]) expect(text).toContain(name)
    for (const { long } of command.options) expect(text).toContain(long ?? '')
    for (const example of EXAMPLES[command.name()] ?? []) expect(text).toContain(`sipkeeper ${example}`)
  }
  for (const name of ['DATABASE_URL', 'APP_ROOT_HOST', 'NO_COLOR']) expect(text).toContain(name)
  for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^ +${code} `, 'm'))
})

test('the table of docs/operations.md and the list that help prints have the same exit codes', async () => {
  const document = await Bun.file(join(import.meta.dir, '../../docs/operations.md')).text()
  const table = document.slice(document.indexOf('### Exit codes')).split('\n## ')[0] ?? ''
  const listed = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  expect(listed).toEqual(Object.values(EXIT))
})
