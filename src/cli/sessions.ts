import type { Command } from 'commander'
import { everySpace, type Scope } from '../nouns/space.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { ACCOUNT, type AccountOptions, SPACE, spaceNamed, withAccount } from './account.ts'
import { commandVisit } from './command-visit.ts'
import { type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { confirm, print } from './terminal.ts'

interface Options extends AccountOptions {
  readonly account?: string
  readonly all?: boolean
  readonly yes?: boolean
  readonly force?: boolean
}

const PAGE = 200

/** An account a transaction: nobody waits for all of them. */
const endAll = async ({ parts, config }: Opened, scope: Scope): Promise<{ accounts: number; sessions: number }> => {
  const ended = { accounts: 0, sessions: 0 }
  for (let after = 0; ; ) {
    const page = await parts.sessions.accounts(scope, after, PAGE)
    const last = page.at(-1)
    if (last === undefined) return ended
    for (const { id, domain } of page) {
      const space = await parts.spaces.byDomain(domain)
      const sessions = space === null ? 0 : await parts.accounts.endSessions(commandVisit(config, space), id)
      if (sessions > 0) ended.accounts += 1
      ended.sessions += sessions
    }
    after = last.id
  }
}

const ofOne = (reference: string, options: Options): Promise<void> =>
  withAccount(options, reference, async ({ visit, account }, { parts }) => {
    const sessions = await parts.accounts.endSessions(visit, account.id)
    print(
      options.json === true
        ? JSON.stringify({ accounts: Math.min(1, sessions), sessions })
        : `${sessions} sessions of ${addressOfRecord(account)} ended.`,
    )
  })

export const sessionsCommands = (program: Command) =>
  program
    .command('sessions:revoke')
    .argument('[account]', ACCOUNT)
    .option('--account <account>', 'the same')
    .option('--space <sip_domain>', `${SPACE}: of all its accounts, where none is named`)
    .option('--all', 'of every account of every Space')
    .option('--yes', 'do not ask, where it is about more than one account')
    .option('--force', 'the same')
    .option('--json', 'print one JSON object')
    .description('sign people out of the panel; passwords and API keys go on working')
    .action(async (argument: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const reference = argument ?? options.account
      if (argument !== undefined && options.account !== undefined) {
        throw new CommandError('Name the account once.', EXIT.usage)
      }
      if (reference !== undefined && options.all === true) {
        throw new CommandError('It is about one account, or about --all.', EXIT.usage)
      }
      if (reference !== undefined) return ofOne(reference, options)
      if (options.space === undefined && options.all !== true) {
        throw new CommandError('Whose? Name an account, a Space with --space, or say --all.', EXIT.usage)
      }
      await withServices(options, async (opened) => {
        const space = options.space === undefined ? null : await spaceNamed(opened, options.space)
        await confirm(options, `Sign everybody out${space === null ? '' : ` in the Space ${space.domain}`}?`)
        const ended = await endAll(opened, space === null ? everySpace('command line') : { space })
        if (options.json === true) print(JSON.stringify(ended))
        else print(`${ended.sessions} sessions of ${ended.accounts} accounts ended.`)
      })
    })
