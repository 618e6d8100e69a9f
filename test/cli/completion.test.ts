import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandLine } from '../../src/cli/program.ts'
import { hasProgram } from '../support/executable.ts'
import { sipkeeper } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))

const here = { env: { HOME: folder, DATA_DIR: join(folder, 'none') } }

/** The script as the command prints it, in a file. */
const scriptOf = async (shell: string): Promise<string> => {
  const { code, stdout, stderr } = await sipkeeper(['completion', shell], here)
  expect([code, stderr]).toEqual([0, ''])
  const file = join(folder, `completion.${shell}`)
  writeFileSync(file, stdout)
  return file
}

/** What is offered at the end of each line, as to somebody who presses the tab key there. */
type Offers = (lines: readonly string[]) => Promise<string[][]>

const separated = async (program: readonly string[], lines: readonly string[]): Promise<string[][]> => {
  const child = Bun.spawn([...program, ...lines], { cwd: folder, env: { PATH: process.env.PATH ?? '', HOME: folder } })
  const text = await new Response(child.stdout).text()
  return text
    .split('==\n')
    .slice(0, -1)
    .map((block) => block.split('\n').filter((line) => line !== ''))
}

const inBash: Offers = async (lines) => {
  const ask = String.raw`
    source "$1"; shift
    for line; do
      COMP_LINE=$line COMP_POINT=$(printf %s "$line" | wc -c)
      _sipkeeper
      printf '%s\n' "$\{COMPREPLY[@]}" ==
    done`.replace('\\{', '{')
  return separated(['bash', '--norc', '-c', ask, 'bash', await scriptOf('bash')], lines)
}

const inFish: Offers = async (lines) => {
  const ask =
    'source $argv[1]; for line in $argv[2..-1]; complete -C $line | string replace -r "\\t.*" ""; echo ==; end'
  return separated(['fish', '--no-config', '-c', ask, await scriptOf('fish')], lines)
}

/** A shell on a terminal, into which is typed; what the screen says once all of `seen` stands in it. */
const typed = async (program: readonly string[], type: readonly (readonly [text: string, seen: RegExp])[]) => {
  let text = ''
  let step = -1
  const decoder = new TextDecoder()
  const child = Bun.spawn([...program], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, TERM: 'dumb', PS1: 'ready> ' },
    terminal: {
      cols: 200,
      rows: 50,
      data: (terminal, piece) => {
        text += decoder.decode(piece, { stream: true })
        const waited = step < 0 ? /ready> $/ : type[step]?.[1]
        if (waited === undefined || !waited.test(Bun.stripANSI(text))) return
        step += 1
        const next = type[step]
        if (next === undefined) child.kill('SIGKILL')
        else {
          text = ''
          terminal.write(next[0])
        }
      },
    },
  })
  const killer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await child.exited
  clearTimeout(killer)
  return { done: step === type.length, text }
}

test('a shell that nobody knows is refused with those that are known, 2', async () => {
  const { code, stdout, stderr } = await sipkeeper(['completion', 'csh'], here)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('bash, zsh, fish')
})

test.skipIf(!hasProgram('bash'))(
  'bash offers commands, options and values, whole after a colon and an equals sign',
  async () => {
    const asked = {
      'sipkeeper migr': ['migrate', 'migrate:status'],
      // As bash has it: what stands before the colon is written already.
      'sipkeeper accounts:li': ['list'],
      'sipkeeper digest:clear-a': ['clear-api-keys'],
      'sipkeeper --env-file /etc/x migrate:': ['status'],
      'sipkeeper accounts:list --st': ['--state'],
      'sipkeeper accounts:list --state ': ['active', 'waiting', 'off', 'blocked'],
      'sipkeeper accounts:list --state=w': ['waiting'],
      'sipkeeper accounts:list --state off --ro': ['--role'],
      'sipkeeper push:test --type call ap': ['apns', 'apns.dev'],
      'sipkeeper completion ': ['bash', 'zsh', 'fish'],
      'sipkeeper help vers': ['version'],
      'sipkeeper audit:erase ': [],
      // Files, which the shell finds by itself.
      'sipkeeper restore ': [],
    }
    expect(await inBash(Object.keys(asked))).toEqual(Object.values(asked))
  },
)

test.skipIf(!hasProgram('bash'))(
  'on a terminal the tab key of bash completes a name with a colon, and a file',
  async () => {
    writeFileSync(join(folder, 'monday.backup'), '')
    const script = await scriptOf('bash')
    const { done, text } = await typed(
      ['bash', '--norc', '--noprofile', '-i'],
      [
        [`source ${script}\r`, /ready> $/],
        ['sipkeeper accounts:li\t', /sipkeeper accounts:list $/],
        ['--sta\t', /--state $/],
        ['wai\t', /waiting $/],
        ['\x15sipkeeper restore mon\t', /sipkeeper restore monday\.backup $/],
      ],
    )
    expect([done, text]).toEqual([true, expect.any(String)])
  },
)

test.skipIf(!hasProgram('fish'))('fish offers commands, options and values', async () => {
  writeFileSync(join(folder, 'tuesday.backup'), '')
  const asked = {
    'sipkeeper migr': ['migrate', 'migrate:status'],
    'sipkeeper accounts:li': ['accounts:list'],
    'sipkeeper --env-file /etc/x accounts:li': ['accounts:list'],
    'sipkeeper accounts:list --st': ['--state'],
    'sipkeeper accounts:list --state ': ['active', 'blocked', 'off', 'waiting'],
    'sipkeeper push:test ap': ['apns', 'apns.dev'],
    'sipkeeper completion ': ['bash', 'fish', 'zsh'],
    'sipkeeper audit:erase ': [],
    'sipkeeper restore tue': ['tuesday.backup'],
  }
  expect((await inFish(Object.keys(asked))).map((offers) => offers.sort())).toEqual(Object.values(asked))
})

test.skipIf(!hasProgram('zsh'))('on a terminal the tab key of zsh completes commands, options and values', async () => {
  const script = await scriptOf('zsh')
  const { done, text } = await typed(
    ['zsh', '-f', '-i'],
    [
      [`PS1='ready> '; autoload -U compinit; compinit -D; source ${script}\r`, /[\r\n]ready> $/],
      ['sipkeeper accounts:li\t', /accounts:list $/],
      ['--sta\t', /--state[= ]$/],
      ['wai\t', /waiting $/],
    ],
  )
  expect([done, text]).toEqual([true, expect.any(String)])
})

test('what is offered are all commands with all of their options, by every name', async () => {
  const program = commandLine()
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await sipkeeper(['completion', shell], here)
    const missing = program.commands.flatMap((command) =>
      [
        command.name(),
        ...command.aliases(),
        ...command.options.map(({ long }) => long?.replace(/^--/, '') ?? ''),
      ].filter((word) => !stdout.includes(shell === 'zsh' ? word.replaceAll(':', String.raw`\:`) : word)),
    )
    expect([shell, missing]).toEqual([shell, []])
  }
})
