import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { defaultAlgorithm } from '../../accounts/passwords/rules.ts'
import { realmOf, type Space } from '../../nouns/space.ts'
import { ButtonLink, Link } from '../../panel/components/button.tsx'
import { Card, More } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { type Check, Checks } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Note } from '../../panel/components/note.tsx'
import { useKit } from '../../panel/kit.tsx'
import { type CallForwarding, contactUri } from '../../telephony/call-forwardings/call-forwardings.ts'
import type { Device, Devices } from '../../telephony/devices/devices.ts'
import { codePath, pathOf } from './head.tsx'

/** What decides whether the phones of an account ring. */
export interface State {
  readonly account: AccountView
  readonly space: Space
  readonly link: object | null
  readonly lastSetUp: Date | null
  /** The newest first. */
  readonly devices: readonly Device[]
  readonly registrarState: ReturnType<Devices['registrarState']>
  /** Where its calls go instead. */
  readonly rules: readonly CallForwarding[]
  readonly lastCallAt: Date | null
  readonly canMail: boolean
  /** Whoever looks has asked for the code that sets a phone up: it stands above. */
  readonly showsCode: boolean
}

/** A fault, in a sentence, with what can be done about it. */
interface Fault {
  readonly title: string
  readonly why: string
  readonly remedy: VNode
}

const blockedFault = ({ account }: State): Fault => {
  const { t } = useKit()
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

const inactiveFault = ({ account }: State): Fault => {
  const { t } = useKit()
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

const passwordFault = ({ account }: State): Fault => {
  const { t } = useKit()
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

/** The rule by which no call rings here; undefined: there is none. */
const diversionOf = ({ rules }: State): CallForwarding | undefined =>
  rules.find(({ type, enabled }) => enabled && type === 'always')

/** Where a rule sends calls, in words. */
const placeOf = (rule: CallForwarding): string => {
  const { t } = useKit()
  const uri = rule.sipUri ?? contactUri(rule)
  return rule.forwardTo === 'voicemail' || uri === null
    ? t('account_state.to_voicemail')
    : t('account_state.to_address', { address: uri.replace(/^sips?:/, '') })
}

const diversionFault = ({ account }: State, rule: CallForwarding): Fault => {
  const { t } = useKit()
  return {
    title: t('account_state.diverted'),
    why: `${placeOf(rule)} ${t('account_state.diverted_why')}`,
    remedy: (
      <ButtonLink to={pathOf(account, '/telephony')} size="small" tone="primary">
        {t('account_state.see_forwarding')}
      </ButtonLink>
    ),
  }
}

/** What sets a phone up: a code to be scanned here, or a mail. */
const SetUpWays = ({ account, canMail, showsCode }: State): VNode => {
  const { t } = useKit()
  return (
    <>
      {showsCode ? null : (
        <ButtonLink to={codePath(account)} size="small" icon="qr-code">
          {t('dashboard.show_code')}
        </ButtonLink>
      )}
      {account.email !== null && canMail ? (
        <ButtonLink to={pathOf(account, '/provisioning_email/create')} size="small" icon="send">
          {t('account_mail.set_up')}
        </ButtonLink>
      ) : null}
    </>
  )
}

const unregisteredFault = (state: State): Fault => {
  const { t } = useKit()
  return {
    title: t('account_state.unregistered'),
    why: t('account_state.unregistered_why'),
    remedy: <SetUpWays {...state} />,
  }
}

/** The first thing that keeps the account from being used; null: nothing that is known here. */
const faultOf = (state: State): Fault | null => {
  const { account, space, devices, registrarState } = state
  const diversion = diversionOf(state)
  if (account.blocked) return blockedFault(state)
  if (!account.activated) return inactiveFault(state)
  if (space.digest !== null && account.algorithms.length === 0) return passwordFault(state)
  if (diversion !== undefined) return diversionFault(state, diversion)
  if (registrarState === 'there' && devices.length === 0 && !isNew(state)) return unregisteredFault(state)
  return null
}

/** Nobody has ever used it, as far as is known: what is missing is no fault. */
const isNew = ({ account, lastSetUp, devices, lastCallAt, registrarState }: State): boolean =>
  account.activated &&
  !account.blocked &&
  registrarState === 'there' &&
  lastSetUp === null &&
  devices.length === 0 &&
  lastCallAt === null

const passwordCheck = ({ account, space }: State): Check => {
  const { t } = useKit()
  const wanted = defaultAlgorithm(space.digest)
  const has = account.algorithms
  if (has.length === 0) return { outcome: 'fail', what: t('account_state.no_password') }
  const isWanted = has.includes(wanted)
  const values = { algorithm: has.join(', '), wanted, realm: realmOf(space) }
  return {
    outcome: isWanted ? 'pass' : 'wait',
    what: t('account_state.has_password'),
    note: t(isWanted ? 'account_state.password_note' : 'account_state.other_algorithm', values),
  }
}

const setUpCheck = ({ lastSetUp }: State): Check => {
  const { t } = useKit()
  if (lastSetUp === null) {
    return { outcome: 'later', what: t('account_state.never_set_up'), note: t('account_state.by_hand') }
  }
  return {
    outcome: 'pass',
    what: t('account_state.was_set_up'),
    note: (
      <>
        {t('account_state.last_set_up')} <Moment at={lastSetUp} />
      </>
    ),
  }
}

const registrationCheck = (state: State): Check => {
  const { devices, registrarState } = state
  const { t } = useKit()
  const [newest] = devices
  if (registrarState === 'away') return { outcome: 'wait', what: t('account_state.away') }
  if (registrarState === 'off') return { outcome: 'later', what: t('account_state.off') }
  if (newest === undefined) {
    return { outcome: isNew(state) ? 'later' : 'fail', what: t('account_state.unregistered') }
  }
  return {
    outcome: 'pass',
    what: t('account_state.registered', { count: devices.length }),
    note: (
      <>
        {t('account_state.last_registration')} <Moment at={newest.updatedAt} />
      </>
    ),
  }
}

const forwardingCheck = (state: State): Check => {
  const { t } = useKit()
  const { rules } = state
  const diversion = diversionOf(state)
  if (diversion !== undefined) {
    return { outcome: 'fail', what: t('account_state.diverted'), note: placeOf(diversion) }
  }
  const some = rules.filter(({ enabled }) => enabled)
  return some.length === 0
    ? { outcome: 'pass', what: t('account_state.not_diverted') }
    : { outcome: 'pass', what: t('account_state.sometimes_diverted'), note: some.map(placeOf).join(' ') }
}

/** One check after the other, as a call that is to ring meets them. */
const checksOf = (state: State): readonly Check[] => {
  const { account, space } = state
  const { t } = useKit()
  return [
    account.activated
      ? { outcome: 'pass', what: t('account_state.is_active') }
      : { outcome: 'fail', what: t(account.switchedOff ? 'account_state.switched_off' : 'account_state.waiting') },
    account.blocked
      ? { outcome: 'fail', what: t('account_state.blocked') }
      : { outcome: 'pass', what: t('account_state.not_blocked') },
    ...(space.digest === null ? [] : [passwordCheck(state)]),
    forwardingCheck(state),
    setUpCheck(state),
    registrationCheck(state),
  ]
}

/** Where all is well as far as it can be seen from here: what only somebody beside the phone can see. */
const BesideThePhone = ({ account }: State): VNode => {
  const { t } = useKit()
  return (
    <More title={t('account_state.still')} icon="question">
      <Checks
        items={[
          { outcome: 'stays', what: t('account_state.look_sound') },
          { outcome: 'stays', what: t('account_state.look_app') },
          {
            outcome: 'stays',
            what: (
              <>
                {t('account_state.look_call')}{' '}
                <Link to={pathOf(account, '/statistics/call_logs')}>{t('statistics.call_log')}</Link>
              </>
            ),
          },
          {
            outcome: 'stays',
            what: (
              <>
                {t('account_state.look_again')} <Link to={codePath(account)}>{t('dashboard.show_code')}</Link>
              </>
            ),
          },
        ]}
      />
    </More>
  )
}

/** Why its phones ring, or do not. */
export const StateCard = (state: State): VNode => {
  const { t } = useKit()
  const fault = faultOf(state)
  if (fault === null && isNew(state)) {
    return (
      <Card title={t('account_state.new')}>
        <Note actions={<SetUpWays {...state} />}>{t('account_state.new_why')}</Note>
        <Checks items={checksOf(state)} />
      </Card>
    )
  }
  return (
    <Card title={t(fault === null ? 'account_state.title' : 'account_state.title_fault')}>
      {fault === null ? null : (
        <Note tone="bad" actions={fault.remedy}>
          <b>{fault.title}</b>
          <p>{fault.why}</p>
        </Note>
      )}
      <Checks items={checksOf(state)} />
      {fault === null && state.devices.length > 0 ? <BesideThePhone {...state} /> : null}
    </Card>
  )
}
