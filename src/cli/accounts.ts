import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { canonicalAddress } from '../protocols/ip-address.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { sentenceOf } from '../thrown.ts'
import { type GlobalOptions, type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { generatedPassword, givenPassword } from './password.ts'
import { ask, isInteractive, missing, print, warn } from './terminal.ts'

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

const readSeed = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${sentenceOf(error)}.`, EXIT.failed)
  }
}

const warnUnreachable = ({ domain, isReachable }: { domain: string; isReachable: boolean }): void => {
  if (!isReachable) warn(`warning: the Space ${domain} answers nobody: its host does not lie under APP_ROOT_HOST.`)
}

const seed = async ({ parts: { fixtures } }: Opened, file: string): Promise<void> => {
  const { accounts, problems } = fixtures.parse(readSeed(file))
  if (problems !== null) throw new CommandError(problems.join('\n'), EXIT.failed)
  const { removed, spaces } = await fixtures.seed(accounts)
  spaces.forEach(warnUnreachable)
  const made = spaces.filter(({ created }) => created).length
  print(`${accounts.length} accounts made in place of ${removed}; ${made} Spaces made.`)
}

const createAdminTest = async ({ parts: { fixtures } }: Opened): Promise<void> => {
  const { account, password, apiKey, space } = await fixtures.testAdministrator()
  warnUnreachable(space)
  print(`Administrator ${addressOfRecord(account)} (id ${account.id})`)
  print(`Password: ${password}`)
  print(`API key: ${apiKey}`)
}

/** What tests of clients expect, with keys and ids that everybody knows. */
const fixtureCommands = (program: Command) => {
  program
    .command('accounts:seed')
    .argument('<file>', 'a JSON file with accounts and ranges of accounts')
    .option('--force', 'also where APP_ENV is production')
    .description('make the accounts of a file for tests, in place of those that have their ids')
    .action(async (file: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { force?: boolean }>()
      await withServices(options, async (opened) => {
        if (opened.config.APP_ENV === 'production' && options.force !== true) {
          throw new CommandError('It deletes accounts: where APP_ENV is production it needs --force.', EXIT.refused)
        }
        await seed(opened, file)
      })
    })
  program
    .command('accounts:create-admin-test')
    .description('make admin_test of sip.example.org, for tests, with a key that everybody knows')
    .action(async (_options, command: Command) => {
      await withServices(command.optsWithGlobals<GlobalOptions>(), async (opened) => {
        if (opened.config.APP_ENV === 'production') {
          throw new CommandError('Everybody knows its key: not where APP_ENV is production.', EXIT.refused)
        }
        await createAdminTest(opened)
      })
    })
}

export const accountsCommands = (program: Command) => {
  program
    .command('accounts:create-admin-account')
    .option('-u, --username <username>', 'user name of the administrator')
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
  fixtureCommands(program)
}
