import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import type { ProvisioningTokens } from '../../accounts/provisioning-tokens/provisioning-tokens.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Provisioning } from '../../provisioning/provisioning/provisioning.ts'
import type { AdministrationScope } from '../scope/scope.ts'
import type { BulkAccounts, Chosen } from './bulk.ts'
import { MOST_CARDS } from './rules.ts'

/** What one person cuts out of the sheet and is given. */
export interface Card {
  readonly account: AccountView
  readonly url: string
  /** null: until it is used. */
  readonly expiresAt: Date | null
}

export interface Sheet {
  readonly cards: readonly Card[]
  /** Those who are blocked or switched off: their code would be refused. */
  readonly leftOut: readonly AccountView[]
}

/** New set-up links of several accounts, to be printed (behaviour/panel.md §7.24). */
export const sheetsOf = (deps: {
  scope: AdministrationScope
  accounts: Accounts
  bulk: BulkAccounts
  provisioning: Provisioning
  provisioningTokens: ProvisioningTokens
}) => {
  const { scope, accounts, bulk, provisioning, provisioningTokens } = deps

  const idsOf = (caller: Caller, chosen: Chosen): Promise<readonly number[]> | readonly number[] =>
    'ids' in chosen ? chosen.ids : accounts.idsAfter(bulk.scopeOf(caller, chosen.domain), chosen.sought, 0, MOST_CARDS)

  const cardOf = (inside: Visit, account: AccountView): readonly Card[] => {
    const { sealedProvisioningToken: sealed, provisioningTokenCreatedAt: createdAt } = account
    const token = provisioningTokens.reveal(sealed)
    if (token === null || createdAt === null) return []
    return [
      { account, url: provisioning.addressOf(inside, token).url, expiresAt: provisioningTokens.expiryOf(createdAt) },
    ]
  }

  return {
    /** Makes the links of each Space in one transaction; those that were given out before stop working. */
    make: async (visit: Visit, caller: Caller, chosen: Chosen): Promise<Sheet> => {
      const ids = [...new Set(await idsOf(caller, chosen))].slice(0, MOST_CARDS)
      // Refused as a whole where one of them is none of the caller's.
      const found = []
      for (const id of ids) found.push(await scope.account(visit, caller, String(id)))
      const cards: Card[] = []
      for (const ofSpace of Map.groupBy(found, ({ space }) => space.id).values()) {
        const [{ visit: inside } = { visit }] = ofSpace
        const wanted = ofSpace.map(({ account }) => account.id)
        for (const { account } of await accounts.issueTokens(inside, wanted, 'sheet')) {
          cards.push(...cardOf(inside, account))
        }
      }
      const made = new Set(cards.map(({ account }) => account.id))
      const leftOut = found.map(({ account }) => account).filter(({ id }) => !made.has(id))
      return { cards, leftOut }
    },
  }
}
