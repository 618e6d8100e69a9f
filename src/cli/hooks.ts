import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { hooks } from '../hooks/hooks.ts'
import { readHooksFile } from '../hooks/hooks-file.ts'
import { hooksDeclaration } from '../hooks/types.macro.ts' with { type: 'macro' }
import type { Provisioning } from '../hooks/types.ts'
import { commandLogging, type GlobalOptions, loadSettings } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

const SAMPLE = {
  request: { path: '/provisioning/token', query: {}, userAgent: 'LinphoneAndroid/5.2', address: '192.0.2.1' },
  space: { domain: 'sip.example.org', host: 'accounts.example.org', name: 'Example' },
  account: {
    id: 1,
    username: 'alice01',
    domain: 'sip.example.org',
    email: 'alice@example.org',
    phone: '+33612345678',
    displayName: 'Alice',
    activated: true,
    blocked: false,
    admin: false,
    dictionary: {},
  },
} as const satisfies Provisioning

const check = async (file: string, options: GlobalOptions & { query?: string }): Promise<void> => {
  if (!existsSync(file)) throw new CommandError(`${file} does not exist.`, EXIT.notFound)
  const read = await readHooksFile(file)
  const names = Object.entries(read).flatMap(([group, members]) =>
    Object.keys(members).map((name) => `${group}.${name}`),
  )
  print(names.length === 0 ? `${file} has no hooks.` : `${file}: ${names.join(', ')}`)

  const { config } = loadSettings({ ...options, quiet: true })
  const strict = hooks({ config: { ...config, HOOKS_FILE: file, HOOKS_STRICT: true }, log: commandLogging(config) })
  await strict.load()
  const query = strict.allowed(Object.fromEntries(new URLSearchParams(options.query ?? '')))
  const request = { ...SAMPLE.request, query }
  try {
    for (const account of [null, SAMPLE.account]) {
      const added = await strict.provisioning({ ...SAMPLE, request, account })
      print(`${account === null ? 'base document' : 'document of alice01'}: ${JSON.stringify(added, null, 2)}`)
    }
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    throw new CommandError(`A hook failed: ${cause instanceof Error ? cause.message : String(cause)}`, EXIT.failed)
  }
}

export const hooksCommands = (program: Command) => {
  program
    .command('hooks:types')
    .description('print the TypeScript types of a hooks file')
    .action(() => print(hooksDeclaration()))
  program
    .command('hooks:check')
    .argument('<file>', 'the hooks file')
    .option(
      '--query <query>',
      'query parameters of the request, such as a=1&b=2, as far as HOOKS_QUERY_PARAMS lets them',
    )
    .description(
      'read a hooks file and show what its provisioning hooks add for a sample account; no account hook is run',
    )
    .action((file: string, _options, command: Command) => check(file, command.optsWithGlobals()))
}
