import type { Command } from 'commander'
import { type GlobalOptions, withServices } from './context.ts'
import { ask, print, readLine } from './terminal.ts'

interface CreateOptions extends GlobalOptions {
  readonly username?: string
  readonly password?: string
  readonly passwordStdin?: boolean
  readonly domain?: string
  readonly apiKey?: boolean
  readonly api_key_ip?: string
  readonly update?: boolean
  readonly json?: boolean
}

const GENERATED_LENGTH = 16

const createAdmin = async (options: CreateOptions): Promise<void> =>
  withServices(options, async ({ parts }) => {
    const username = options.username ?? (await ask('Username', '--username', 'admin'))
    const domain = options.domain ?? (await ask('SIP domain', '--domain'))
    const given = options.passwordStdin === true ? await readLine() : options.password
    const password = given ?? parts.secrets.token(GENERATED_LENGTH)
    const address = options.api_key_ip ?? null
    const wantsKey = options.apiKey === true || address !== null || options.json === true
    const { account, apiKey } = await parts.administrators.create({
      domain,
      username,
      password,
      update: options.update === true,
      ...(wantsKey ? { keyAddress: address } : {}),
    })
    const generated = given === undefined ? { password } : {}
    if (options.json === true) {
      print(
        JSON.stringify({
          id: account.id,
          username: account.username,
          domain: account.domain,
          api_key: apiKey,
          ...generated,
        }),
      )
      return
    }
    print(`Administrator ${account.username}@${account.domain} (id ${account.id})`)
    if (given === undefined) print(`Password: ${password}`)
    if (apiKey !== null) print(`API key: ${apiKey}`)
  })

export const accountsCommands = (program: Command) => {
  program
    .command('accounts:create-admin-account')
    .option('-u, --username <username>')
    .option('-p, --password <password>', 'visible in the process list; better: --password-stdin')
    .option('--password-stdin', 'read the password from standard input')
    .option('-d, --domain <domain>', 'SIP domain of its Space')
    .option('--api-key', 'make an API key as well')
    .option('-k, --api_key_ip <address>', 'bind the API key to this address')
    .option('--update', 'make an existing account an administrator and set its password')
    .option('--json', 'print one JSON object, with an API key')
    .description('create an activated administrator')
    .action((_options, command: Command) => createAdmin(command.optsWithGlobals()))

  program
    .command('accounts:set-admin')
    .argument('<account>', 'id, or user@domain')
    .option('--revoke', 'take the rights away')
    .description('make an account an administrator')
    .action(async (account: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { revoke?: boolean }>()
      await withServices(options, async ({ parts }) => {
        const admin = options.revoke !== true
        const found = await parts.administrators.set(account, admin)
        print(`${found.username}@${found.domain} is ${admin ? 'an administrator' : 'no administrator'}.`)
      })
    })
}
