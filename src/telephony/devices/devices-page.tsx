import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { type RowItem, Rows } from '../../panel/components/list.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty } from '../../panel/components/note.tsx'
import type { Kit, Translate } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { type Device, type Devices, NO_DEVICES, titleOf } from './devices.ts'

export interface KnownDevices {
  /** The newest first. */
  readonly devices: readonly Device[]
  readonly registrarState: ReturnType<Devices['registrarState']>
}

/** A device as a row, with the way to the question whether it goes. */
export const rowOf =
  (t: Translate) =>
  (device: Device): RowItem => ({
    icon: 'registered',
    tone: 'good',
    title: titleOf(device),
    note: (
      <>
        {device.userAgent === '' ? null : <>{device.userAgent} · </>}
        {t('devices.updated')} <Moment at={device.updatedAt} />
      </>
    ),
    action: (
      <ButtonLink to={`/devices/${encodeURIComponent(device.uuid)}/delete`} size="small" about={titleOf(device)}>
        {t('panel.remove')}
      </ButtonLink>
    ),
  })

export const devicesPage = ({ t }: Kit, { devices, registrarState }: KnownDevices): Page => ({
  title: t('devices.title'),
  ...(devices.length === 0 ? {} : { count: devices.length }),
  lede: t('devices.why'),
  cards: true,
  ...(devices.length < 2
    ? {}
    : {
        actions: (
          <ButtonLink to="/devices/delete" tone="danger" icon="trash">
            {t('devices.remove_all')}…
          </ButtonLink>
        ),
      }),
  children: (
    <Card flush>
      {devices.length === 0 ? (
        <Empty icon={registrarState === 'there' ? 'smartphone' : 'unplug'} title={t('devices.nothing')}>
          {t(NO_DEVICES[registrarState])}
        </Empty>
      ) : (
        <Rows items={devices.map(rowOf(t))} />
      )}
    </Card>
  ),
})
