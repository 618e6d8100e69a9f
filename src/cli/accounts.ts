import { type Command, Option } from 'commander'
import { canonicalAddress } from '../protocols/ip-address.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { generatedPassword, givenPassword } from './password.ts'
import { ask, isInteractive, missing, print } from './terminal.ts'

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

/** As a connection shows it, since keys are compared with that: `::ffff:192.0.2.1` is the IPv4 address in it. */
const addressOf = (text: string): string => {
  const address = canonicalAddress(text)
  if (address === null) throw new CommandError(`--api_key_ip takes an IP address, not "${text}".`, EXIT.usage)
  return address
}

const createAdmin = async (options: CreateOptions): Promise<void> => {
  const askFor = async (question: string, option: string, fallback?: string) => {
    if (!isInteractive(options)) throw missing(option)
    return ask(question, fallback)
  }
  const address = options.api_key_ip === undefined ? null : addressOf(options.api_key_ip)
  const username = options.username ?? (await askFor('Username', '--username', 'admin'))
  const domain = options.domain ?? (await askFor('SIP domain', '--domain'))
  const given = await givenPassword(options)
  const wantsKey = options.apiKey === true || address !== null || options.json === true

  await withServices(options, async (opened) => {
    const password = given ?? generatedPassword(opened)
    const { account, apiKey } = await opened.parts.administrators.create({
      domain,
      username,
      password,
      existing: options.update === true ? 'reset' : 'refuse',
      ...(wantsKey ? { keyAddress: address } : {}),
    })
    if (options.json === true) {
      const { id } = account
      const shown = { id, username: account.username, domain: account.domain, api_key: apiKey }
      print(JSON.stringify(given === undefined ? { ...shown, password } : shown))
      return
    }
    print(`Administrator ${addressOfRecord(account)} (id ${account.id})`)
    if (given === undefined) print(`Password: ${password}`)
    if (apiKey !== null) print(`API key: ${apiKey}`)
  })
}

export const accountsCommands = (program: Command) => {
  program
    .command('accounts:create-admin-account')
    .option('-u, --username <username>')
    .option('-p, --password <password>', 'visible in the process list; better: --password-stdin')
    .addOption(new Option('--password-stdin', 'read the password from standard input').conflicts('password'))
    .option('-d, --domain <domain>', 'SIP domain of its Space')
    .option('--api-key', 'make an API key as well')
    .option('-k, --api_key_ip <address>', 'an API key that is good from this address only')
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
        print(`${addressOfRecord(found)} is ${admin ? 'an administrator' : 'no administrator'}.`)
      })
    })
}
