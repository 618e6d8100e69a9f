import type { Accounts, Called } from '../../accounts/accounts/accounts.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { CallForwarding, CallForwardings } from '../call-forwardings/call-forwardings.ts'

/** An account, and where its calls go instead. */
export interface Resolved extends Called {
  readonly callForwardings: readonly CallForwarding[]
}

/** Whom a call is for (behaviour/telephony.md §8). Reads the rules of accounts that have any. */
export const resolving = ({ accounts, callForwardings }: { accounts: Accounts; callForwardings: CallForwardings }) => ({
  /** For the SIP proxy: rules that it can read. */
  bySip: async (visit: Visit, caller: Caller, sip: string): Promise<Resolved> => {
    const found = await accounts.forProxy(visit, caller, sip)
    const { account } = found
    return { ...found, callForwardings: account.hasCallForwardings ? await callForwardings.readable(account) : [] }
  },
  byEmail: async (space: Space, email: string): Promise<Resolved> => {
    const found = await accounts.byEmail(space, email)
    const { account } = found
    const owner = { space, id: account.id }
    return { ...found, callForwardings: account.hasCallForwardings ? await callForwardings.list(owner) : [] }
  },
})

export type Resolving = ReturnType<typeof resolving>
