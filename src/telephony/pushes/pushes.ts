import { choice, form, type Input, optional, read, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { causeOf } from '../../nouns/security-record.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Push } from '../../push/push.ts'
import { PN_PARAM, PN_PRID, PUSH_PROVIDERS, PUSH_TYPES, type PushMessage } from '../../push/sender.ts'

const CALL_ID = /^[A-Za-z0-9_~@.-]+$/

const LONGEST = 255

/** Flexisip writes null for what it has not got. */
export const AskedPush = form({
  pn_provider: choice(PUSH_PROVIDERS),
  pn_param: optional(text({ max: LONGEST })),
  pn_prid: optional(text({ max: LONGEST })),
  type: choice(PUSH_TYPES),
  call_id: optional(text({ max: LONGEST })),
})

/** Throws `invalid` with every refusal. Google needs no name of a project where there is one only. */
const messageOf = (input: Input<typeof AskedPush>): PushMessage => {
  const { pn_provider: wanted, pn_param: param, pn_prid: prid, call_id: callId } = input.values
  if (param !== null && !PN_PARAM.test(param)) input.refuse('pn_param', { id: 'v.push' })
  if (prid !== null && !PN_PRID.test(prid)) input.refuse('pn_prid', { id: 'v.push' })
  if (callId !== null && !CALL_ID.test(callId)) input.refuse('call_id', { id: 'v.call_id' })
  if (wanted !== null && wanted !== 'fcm' && input.isMissing('pn_param')) input.refuse('pn_param', { id: 'v.required' })
  if (input.isMissing('pn_prid')) input.refuse('pn_prid', { id: 'v.required' })
  const { pn_provider: provider, type } = input.settle()
  return { provider, param: param ?? '', prid: prid ?? '', type, payload: null, callId }
}

/** Pushes that wake a phone, asked for by a SIP proxy (behaviour/telephony.md §11). */
export const pushes = ({ push, limits }: { push: Push; limits: Limits }) => ({
  /**
   * Resolves when the push service has it. Whoever has an account may wake any device whose name they know, so
   * those who are no administrators have a limit.
   */
  send: async (visit: Visit, caller: Caller): Promise<void> => {
    const message = messageOf(read(AskedPush, visit.input))
    if (!mayActAs(caller, 'admin')) await limits.pushes.consume(`account:${caller.id}`)
    await push.send(message, causeOf(visit, caller))
  },
})

export type Pushes = ReturnType<typeof pushes>
