import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { defaultAlgorithm } from '../../accounts/passwords/rules.ts'
import { realmOf, type Space } from '../../nouns/space.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { type Check, Checks } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import { useKit } from '../../panel/kit.tsx'
import type { Device, Devices } from '../../telephony/devices/devices.ts'
import { pathOf } from './head.tsx'

/** What decides whether the phones of an account ring. */
export interface State {
  readonly account: AccountView
  readonly space: Space
  readonly link: object | null
  readonly lastSetUp: Date | null
  /** The newest first. */
  readonly devices: readonly Device[]
  readonly registrarState: ReturnType<Devices['registrarState']>
}

/** A fault, in a sentence, with what can be done about it. */
interface Fault {
  readonly title: string
  readonly why: string
  readonly remedy: VNode
}

/** The first thing that keeps the account from being used; null: nothing that is known here. */
const faultOf = ({ account, space, lastSetUp, devices, registrarState }: State): Fault | null => {
  const { t } = useKit()
  if (account.blocked) {
    return {
      title: t('account_state.blocked'),
      why: t('account_state.blocked_why'),
      remedy: (
        <Action to={pathOf(account, '/unblock')} size="small" tone="primary">
          {t('account_state.unblock')}
        </Action>
      ),
    }
  }
  if (!account.activated) {
    return {
      title: t(account.switchedOff ? 'account_state.switched_off' : 'account_state.waiting'),
      why: t(account.switchedOff ? 'account_state.switched_off_why' : 'account_state.waiting_why'),
      remedy: (
        <Action to={pathOf(account, '/activate')} size="small" tone="primary">
          {t('account_state.activate')}
        </Action>
      ),
    }
  }
  if (space.digest !== null && account.algorithms.length === 0) {
    return {
      title: t('account_state.no_password'),
      why: t('account_state.no_password_why'),
      remedy: (
        <ButtonLink to={pathOf(account, '/edit')} size="small" tone="primary">
          {t('account_state.set_password')}
        </ButtonLink>
      ),
    }
  }
  if (registrarState !== 'there' || devices.length > 0) return null
  return {
    title: t('account_state.unregistered'),
    why: t(lastSetUp === null ? 'account_state.never_why' : 'account_state.unregistered_why'),
    remedy: (
      <ButtonLink to={`${pathOf(account)}#set-up`} size="small">
        {t('dashboard.set_up')}
      </ButtonLink>
    ),
  }
}

/** One check after the other, as a phone that registers meets them. */
const checksOf = ({ account, space, lastSetUp, devices, registrarState }: State): readonly Check[] => {
  const { t } = useKit()
  const wanted = defaultAlgorithm(space.digest)
  const has = account.algorithms
  const [newest] = devices
  return [
    account.activated
      ? { outcome: 'pass', what: t('account_state.is_active') }
      : { outcome: 'fail', what: t(account.switchedOff ? 'account_state.switched_off' : 'account_state.waiting') },
    account.blocked
      ? { outcome: 'fail', what: t('account_state.blocked') }
      : { outcome: 'pass', what: t('account_state.not_blocked') },
    ...(space.digest === null
      ? []
      : [
          has.length === 0
            ? ({ outcome: 'fail', what: t('account_state.no_password') } as const)
            : ({
                outcome: has.includes(wanted) ? 'pass' : 'wait',
                what: t('account_state.has_password'),
                note: t(has.includes(wanted) ? 'account_state.password_note' : 'account_state.other_algorithm', {
                  algorithm: has.join(', '),
                  wanted,
                  realm: realmOf(space),
                }),
              } as const),
        ]),
    lastSetUp === null
      ? { outcome: 'later', what: t('account_state.never_set_up'), note: t('account_state.by_hand') }
      : {
          outcome: 'pass',
          what: t('account_state.was_set_up'),
          note: (
            <>
              {t('account_state.last_set_up')} <Moment at={lastSetUp} />
            </>
          ),
        },
    registrarState === 'there'
      ? newest === undefined
        ? { outcome: 'fail', what: t('account_state.unregistered') }
        : {
            outcome: 'pass',
            what: t('dashboard.registered', { count: devices.length }),
            note: (
              <>
                {t('account_state.last_registration')} <Moment at={newest.updatedAt} />
              </>
            ),
          }
      : {
          outcome: registrarState === 'away' ? 'wait' : 'later',
          what: t(registrarState === 'away' ? 'account_state.away' : 'account_state.off'),
        },
  ]
}

/** Why its phones ring, or do not. */
export const StateCard = (state: State): VNode => {
  const { t } = useKit()
  const fault = faultOf(state)
  return (
    <Card title={t(fault === null ? 'account_state.title' : 'account_state.title_fault')}>
      {fault === null ? null : (
        <Note tone="bad" actions={fault.remedy}>
          <b>{fault.title}</b>
          <p>{fault.why}</p>
        </Note>
      )}
      <Checks items={checksOf(state)} />
    </Card>
  )
}
