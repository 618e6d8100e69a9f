import type { VNode } from 'preact'
import type { NameOf } from '../../address-books/names/names.ts'
import type { IconName } from '../../panel/components/icons.ts'
import type { RowItem } from '../../panel/components/list.tsx'
import { durationText, Moment } from '../../panel/components/moment.tsx'
import { Person } from '../../panel/components/person.tsx'
import { State } from '../../panel/components/state.tsx'
import { type Translate, useKit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { durationSeconds, type LoggedCall, type Outcome, outcomeOf } from './call-log.ts'
import { isSameParty, type Party } from './parties.ts'
import type { Direction } from './whose.ts'

/** A call as one of its two parties sees it. */
export interface SeenCall {
  readonly direction: Direction
  readonly other: Party
  readonly outcome: Outcome
  readonly at: Date
  /** null: it goes on, or its end was not reported. */
  readonly seconds: number | null
}

/** Outgoing unless the account is the callee. */
export const seenBy =
  (party: Party) =>
  ({ call, devices }: LoggedCall): SeenCall => {
    const [from, to] = [
      { username: call.fromUsername, domain: call.fromDomain },
      { username: call.toUsername, domain: call.toDomain },
    ]
    const isIncoming = isSameParty(to, party)
    return {
      direction: isIncoming ? 'incoming' : 'outgoing',
      other: isIncoming ? from : to,
      outcome: outcomeOf(devices),
      at: call.initiatedAt,
      seconds: durationSeconds(call),
    }
  }

const TONES = { accepted: 'good', declined: undefined, canceled: 'warn', error: 'bad' } as const

/** Which way it went; a colour says what became of it. */
export const iconOf = ({ direction, outcome }: SeenCall): { icon: IconName; tone: RowItem['tone'] } => ({
  icon: direction === 'outgoing' ? 'phone-outgoing' : outcome === 'accepted' ? 'phone-incoming' : 'phone-missed',
  tone: TONES[outcome],
})

export const directionText = (t: Translate, { direction }: SeenCall): string =>
  t(direction === 'incoming' ? 'calls.incoming' : 'calls.outgoing')

export const outcomeText = (t: Translate, { direction, outcome }: Pick<SeenCall, 'direction' | 'outcome'>): string =>
  t(
    outcome === 'canceled'
      ? direction === 'incoming'
        ? 'calls.missed'
        : 'calls.canceled'
      : ({ accepted: 'calls.answered', declined: 'calls.declined', error: 'calls.failed' } as const)[outcome],
  )

export const OutcomeState = ({ call }: { call: Pick<SeenCall, 'direction' | 'outcome'> }): VNode => (
  <State tone={TONES[call.outcome]}>{outcomeText(useKit().t, call)}</State>
)

/** A call in a short list. */
export const rowOfCall =
  (t: Translate, nameOf: NameOf) =>
  (call: SeenCall): RowItem => ({
    ...iconOf(call),
    title: <Person name={nameOf(call.other)} address={addressOfRecord(call.other)} />,
    note: (
      <>
        {directionText(t, call)} · {outcomeText(t, call)} · <Moment at={call.at} />
        {call.seconds === null ? null : <> · {durationText(call.seconds)}</>}
      </>
    ),
  })
