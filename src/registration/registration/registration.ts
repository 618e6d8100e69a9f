import type { AccountTokens } from '../../access/account-tokens/account-tokens.ts'
import type { Accounts, Found } from '../../accounts/accounts/accounts.ts'
import { NewRegistration, OldRegistration, type Registrant } from '../../accounts/accounts/rules.ts'
import type { Db } from '../../db/db.ts'
import { invalid } from '../../errors.ts'
import { read } from '../../http/input.ts'
import type { Visit } from '../../nouns/visit.ts'

/** Self registration with a creation token (behaviour/accounts.md §3), also as of 2021 (behaviour/legacy.md §3). */
export const registration = (deps: { db: Db; accounts: Accounts; accountTokens: AccountTokens }) => {
  const { db, accounts, accountTokens } = deps

  /** `field`: the member that held the token, where refusals of it are reported. */
  const register = async (
    visit: Visit,
    input: Registrant,
    field: 'account_creation_token' | 'token',
    token: string | null,
  ): Promise<Found> => {
    for (const name of ['admin', 'activated'] as const) if (input.has(name)) input.refuse(name, { id: 'v.forbidden' })
    if (token !== null) {
      const problem = await accountTokens.inspectCreation(db.read, visit, token)
      // Two independent rules: an unknown token breaks both.
      if (problem === 'unknown') input.refuse(field, { id: 'v.token' })
      if (problem !== null) input.refuse(field, { id: 'v.token_unusable' })
    }
    const found = await accounts.register(visit, input, async (tx, accountId) => {
      const isRedeemed = token !== null && (await accountTokens.redeem(tx, visit, token, accountId))
      if (!isRedeemed) throw invalid(field, 'v.token')
    })
    if (token !== null) accountTokens.recordRedeemed(visit, token)
    return found
  }

  return {
    /** `POST /accounts/with-account-creation-token`; `token` is the member's older name. */
    withCreationToken: async (visit: Visit): Promise<Found> => {
      await accounts.refuseFull(visit.space)
      const { account_creation_token: token = visit.input.token, ...members } = visit.input
      const input = read(NewRegistration, { ...members, account_creation_token: token })
      return register(visit, input, 'account_creation_token', input.values.account_creation_token)
    },
    /** `POST /accounts/with-token` of the 2021 generation: the domain must be ours. */
    withToken: async (visit: Visit): Promise<Found> => {
      await accounts.refuseFull(visit.space)
      const { token = visit.input.account_creation_token, ...members } = visit.input
      const input = read(OldRegistration, { ...members, token })
      if (input.values.domain !== null && input.values.domain !== visit.space.domain) {
        input.refuse('domain', { id: 'v.unknown_domain' })
      }
      return register(visit, input, 'token', input.values.token)
    },
  }
}

export type Registration = ReturnType<typeof registration>
