import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { ProvisioningTokens } from '../../accounts/provisioning-tokens/provisioning-tokens.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { choice, flag, form, type Input, integer, optional, text } from '../../http/input.ts'
import { type Caller, refuseSettingUp } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import { isSipUri } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { Provisioning } from '../provisioning/provisioning.ts'
import { ACTIONS, type Action, appLink, type Errand } from './link.ts'
import { type Wizard, wizardStore } from './store.ts'

const TOKEN_LENGTH = 8
const TOKEN = /^[A-Za-z0-9]{8}$/

/** What a link does (behaviour/wizard.md §1): everything may be missing, and the link then only opens the app. */
export const NewWizard = form({
  provisioning_account_id: optional(integer(1)),
  sip: optional(text({ max: 255 })),
  linphone_action: optional(choice(ACTIONS)),
  linphone_use_sips: optional(flag()),
})

/** A link of ours that has not been used. */
export interface OpenLink {
  readonly token: string
  readonly errand: Errand
  /** The app is set up with an account. */
  readonly setsUp: boolean
  /** A phone may have the account already. */
  readonly again: boolean
}

/** What a link that was clicked does, and what opens the app. */
export interface Followed extends Pick<OpenLink, 'errand' | 'setsUp'> {
  readonly href: string
}

const isAction = (value: unknown): value is Action => ACTIONS.some((action) => action === value)

/** Old clients say it by the mere presence of the parameter. */
const asksForSips = (visit: Visit): boolean => Object.hasOwn(visit.input, 'linphone-use-sips')

/** Links that open the app, set it up with an account and have it do something, once (behaviour/wizard.md §1). */
export const wizard = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  accounts: Accounts
  provisioning: Provisioning
  provisioningTokens: ProvisioningTokens
  audit: Audit
  now: () => Date
}) => {
  const { config, db, secrets, accounts, provisioning, provisioningTokens, audit, now } = deps
  const store = wizardStore(db)

  /** Keeps the account until the transaction ends; false: the Space has none of that id. */
  const holds = (tx: Tx, space: Space, id: number): Promise<boolean> =>
    accounts.holdWithSpace(tx, space, id).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AppError && error.code === 'not_found') return false
        throw error
      },
    )

  const insert = async (tx: Tx, row: Parameters<typeof store.insert>[2]): Promise<string> => {
    for (;;) {
      const token = secrets.token(TOKEN_LENGTH)
      if (await store.insert(tx, secrets.hash(token), row, now())) return token
    }
  }

  const create = async (visit: Visit, caller: Caller, input: Input<typeof NewWizard>) => {
    const { sip } = input.good
    if (sip !== null && !isSipUri(sip)) input.refuse('sip', { id: 'v.sip_uri' })
    if (input.values.linphone_action === 'call' && input.isMissing('sip')) input.refuse('sip', { id: 'v.required' })
    const wanted = input.settle()
    const { space } = visit
    const minutes = config.WIZARD_LINK_EXPIRATION_MINUTES
    const row = {
      spaceId: space.id,
      accountId: caller.id,
      provisioningAccountId: wanted.provisioning_account_id,
      sip: wanted.sip,
      linphoneAction: wanted.linphone_action,
      linphoneUseSips: wanted.linphone_use_sips,
      expiresAt: minutes === null ? null : new Date(now().getTime() + minutes * 60_000),
    }
    const token = await db.transaction(async (tx) => {
      const id = row.provisioningAccountId
      if (id !== null && !(await holds(tx, space, id))) throw invalid('provisioning_account_id', 'account.unknown')
      if (id !== null) refuseSettingUp(caller, (await accounts.view(tx, space, id)).account)
      const detail = { via: wanted.linphone_action, object: id }
      await audit.record(tx, 'wizard.created', { by: visit, space, about: caller, detail })
      return insert(tx, row)
    })
    return { ...row, token, url: `${visit.baseUrl()}${config.BASE_PATH}/wizard/${token}` }
  }

  const errandOf = (visit: Visit, { sip, linphoneAction, linphoneUseSips }: Wizard): Errand => ({
    sip,
    action: linphoneAction ?? 'show',
    useSips: linphoneUseSips ?? asksForSips(visit),
  })

  const usable = async (visit: Visit, token: string): Promise<Wizard | null> =>
    TOKEN.test(token) ? store.usable(db.read, visit.space, secrets.hash(token), now()) : null

  /** The account's token that works already, or a new one. */
  const provisioningToken = async (tx: Tx, visit: Visit, id: number): Promise<string> => {
    const { account } = await accounts.view(tx, visit.space, id)
    refuseClosed(account)
    const { sealedProvisioningToken: sealed, provisioningTokenCreatedAt: createdAt } = account
    const known = provisioningTokens.reveal(sealed)
    const expiry = createdAt === null ? null : provisioningTokens.expiryOf(createdAt)
    if (known !== null && (expiry === null || expiry > now())) return known
    return provisioningTokens.issue(tx, id, visit)
  }

  /** Uses the link up, for exactly one caller; null: somebody was there before. */
  const use = (visit: Visit, { token: hash, provisioningAccountId: id }: Wizard) =>
    db.transaction(async (tx) => {
      // The account first: whoever deletes it takes its links along in this order.
      if (id !== null && !(await holds(tx, visit.space, id))) return null
      if (!(await store.use(tx, visit.space, hash, now()))) return null
      const token = id === null ? null : await provisioningToken(tx, visit, id)
      const about =
        id === null ? ({ kind: 'token', id: null } as const) : (await accounts.view(tx, visit.space, id)).account
      const action = id === null ? 'wizard.used' : 'account.provisioned'
      await audit.record(tx, action, { by: visit, space: visit.space, about, detail: { via: 'wizard' } })
      return { provisioningToken: token }
    })

  return {
    create,

    /** What the link would do; null: it is unknown, used or too old. Changes nothing. */
    inspect: async (visit: Visit, token: string): Promise<OpenLink | null> => {
      const found = await usable(visit, token)
      if (found === null) return null
      const { provisioningAccountId: id } = found
      const again = id !== null && (await provisioning.wasSetUp(id))
      return { token, errand: errandOf(visit, found), setsUp: id !== null, again }
    },

    /** The person has clicked (D28): the link is used up, and this opens the app. null: it no longer works. */
    follow: async (visit: Visit, token: string): Promise<Followed | null> => {
      const found = await usable(visit, token)
      const used = found === null ? null : await use(visit, found)
      if (found === null || used === null) return null
      const { provisioningToken: fresh } = used
      const errand = errandOf(visit, found)
      return {
        errand,
        setsUp: fresh !== null,
        href: appLink(errand, fresh === null ? null : provisioning.addressOf(visit, fresh).url),
      }
    },

    /** What the query of a page without a token asks for. */
    errandOfQuery: (visit: Visit): Errand => {
      const { sip, 'linphone-action': action } = visit.input
      return {
        sip: typeof sip === 'string' && isSipUri(sip) ? sip : null,
        action: isAction(action) ? action : 'show',
        useSips: asksForSips(visit),
      }
    },
  }
}

export type WizardLinks = ReturnType<typeof wizard>
