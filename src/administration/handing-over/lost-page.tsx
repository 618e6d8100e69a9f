import type { Found } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { type Device, titleOf } from '../../telephony/devices/devices.ts'
import { aboveOf, pathOf } from '../account/head.tsx'
import { nameOf } from '../account/words.tsx'

export interface Lost extends Found {
  /** The phones that are registered now. */
  readonly devices: readonly Device[]
}

/** Before a lost phone is locked out, and the way made free for the next one (behaviour/panel.md §7.23). */
export const lostPage = ({ t }: Kit, { account, space, devices }: Lost): FormPage =>
  confirmPage({
    title: t('phone_lost.title', { name: nameOf(account) }),
    lede: addressOfRecord(account),
    above: aboveOf(t, { account }),
    icon: 'smartphone',
    goes: [
      ...devices.map((device) => t('phone_lost.device', { device: titleOf(device) })),
      ...(space.digest === null ? [] : [t('phone_lost.password')]),
      t('phone_lost.links'),
    ],
    stays: [t('phone_lost.stays', { name: account.username })],
    note: (
      <>
        {t('phone_lost.next')} <Link to={pathOf(account, '/telephony')}>{t('phone_lost.forward')}</Link>
      </>
    ),
    to: pathOf(account, '/lost_phone'),
    button: t('phone_lost.go'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, '/lost_phone'),
  })
