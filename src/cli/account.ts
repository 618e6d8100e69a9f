import type { AccountView } from '../accounts/directory/directory.ts'
import type { Space } from '../nouns/space.ts'
import type { Visit } from '../nouns/visit.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { commandVisit } from './command-visit.ts'
import { type GlobalOptions, type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

/** Options of commands that are about accounts. */
export interface AccountOptions extends GlobalOptions {
  readonly space?: string
  readonly json?: boolean
  readonly secrets?: boolean
}

/** An account that a command names, and the command as a visit to its Space. */
export interface Named {
  readonly account: AccountView
  readonly space: Space
  readonly visit: Visit
}

export const ACCOUNT = 'id, user@domain, or with --space the user name'
export const SPACE = 'SIP domain of the Space'
export const SECRETS = 'with tokens and codes, which open the account'

/** The Space of that SIP domain. Refuses one that is not there. */
export const spaceNamed = ({ parts }: Opened, domain: string) =>
  parts.spaceAdministration.byDomain(domain.toLowerCase())

/** Refuses whom nobody has, or who is not in the Space that is named. */
export const accountNamed = async (opened: Opened, reference: string, domain: string | undefined): Promise<Named> => {
  const { parts, db, config } = opened
  const within = domain === undefined ? null : await spaceNamed(opened, domain)
  if (within === null && !/^\d+$|@/.test(reference)) {
    throw new CommandError(`Who is ${reference}? Write user@domain, or name the Space with --space.`, EXIT.usage)
  }
  const { account, space } = await parts.directory.referred(db.read, reference, within)
  return { account, space, visit: commandVisit(config, space) }
}

/** Runs `work` on the account that a command names. */
export const withAccount = (
  options: AccountOptions,
  reference: string,
  work: (named: Named, opened: Opened) => Promise<void>,
): Promise<void> =>
  withServices(options, async (opened) => work(await accountNamed(opened, reference, options.space), opened))

/** As `accounts:list` and the others say how it stands. */
export const stateOf = ({ blocked, activated, switchedOff }: AccountView): string =>
  blocked ? 'blocked' : activated ? 'active' : switchedOff ? 'off' : 'waiting'

/** The account in JSON, as administrators read it over REST; what opens it only where that was asked for. */
export const accountJson = ({ parts }: Opened, { account, space }: Pick<Named, 'account' | 'space'>, secrets = false) =>
  (secrets ? parts.wire : parts.wire.discreet).administered(account, space)

/** Says what was done with an account: in a sentence, or with `--json` as the account that it is now. */
export const sayDone = (
  opened: Opened,
  { json, secrets }: AccountOptions,
  found: Pick<Named, 'account' | 'space'>,
  sentence: string,
): void =>
  print(
    json === true
      ? JSON.stringify(accountJson(opened, found, secrets))
      : `${addressOfRecord(found.account)} ${sentence}`,
  )
