import type { VNode } from 'preact'
import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { useKit } from '../../panel/kit.tsx'
import { type Device, type Devices, titleOf } from '../../telephony/devices/devices.ts'
import { pathOf } from './head.tsx'

interface DevicesProps {
  readonly account: AccountView
  readonly devices: readonly Device[]
  readonly registrarState: ReturnType<Devices['registrarState']>
}

/** What the page of an account says where no device is known. */
const NO_DEVICES = {
  off: 'account_state.off',
  away: 'account_state.away',
  there: 'account_state.unregistered',
} as const

/** The phones that are registered with the account now. */
export const DevicesCard = ({ account, devices, registrarState }: DevicesProps): VNode => {
  const { t } = useKit()
  const rows: readonly RowItem[] =
    devices.length === 0
      ? [{ icon: registrarState === 'there' ? 'offline' : 'unplug', title: t(NO_DEVICES[registrarState]) }]
      : devices.map((device) => ({
          icon: 'registered',
          tone: 'good',
          title: titleOf(device),
          note: (
            <>
              {t('devices.updated')} <Moment at={device.updatedAt} />
            </>
          ),
          action: (
            <ButtonLink
              to={pathOf(account, `/devices/${encodeURIComponent(device.uuid)}/delete`)}
              size="small"
              about={titleOf(device)}
            >
              {t('panel.remove')}
            </ButtonLink>
          ),
        }))
  return (
    <Card title={t('devices.title')} flush>
      <Rows items={rows} />
    </Card>
  )
}

/** Codes that wait to be typed in: where they went, and never what they are. */
export const CodesCard = ({ account }: { account: AccountView }): VNode | null => {
  const { t } = useKit()
  const { emailChange, phoneChange } = account
  const waiting = [
    ...(emailChange === null ? [] : [{ kind: 'email' as const, to: emailChange.email, at: emailChange.createdAt }]),
    ...(phoneChange === null ? [] : [{ kind: 'phone' as const, to: phoneChange.phone, at: phoneChange.createdAt }]),
  ]
  return waiting.length === 0 ? null : (
    <Card title={t('account_codes.title')} flush>
      <Rows
        items={waiting.map(({ kind, to, at }) => ({
          icon: kind === 'email' ? 'mail' : 'phone',
          title: <span class="id">{to}</span>,
          note: (
            <>
              {t('account_codes.masked')} · {t('account_codes.sent')} <Moment at={at} />
            </>
          ),
          action: (
            <Action to={pathOf(account, `/codes/${kind}/send`)} size="small" icon="refresh" about={to}>
              {t('account_codes.again')}
            </Action>
          ),
        }))}
      />
    </Card>
  )
}
