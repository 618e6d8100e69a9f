import type { AccountView } from '../../accounts/accounts/accounts.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { OtherRefusals } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { type Device, titleOf } from '../../telephony/devices/devices.ts'
import { aboveOf, pathOf } from '../account/head.tsx'

/** Before a phone is signed off (behaviour/panel.md §7.4). */
export const devicePage = ({ t }: Kit, { account, device }: { account: AccountView; device: Device }): FormPage =>
  confirmPage({
    title: t('devices.remove_ask', { device: titleOf(device) }),
    lede: device.userAgent,
    above: aboveOf(t, { account }),
    note: t('account_devices.comes_back'),
    to: pathOf(account, '/devices'),
    button: t('devices.remove'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, `/devices/${encodeURIComponent(device.uuid)}/delete`),
    children: (
      <>
        <OtherRefusals name="uuid" />
        <Hidden name="uuid" value={device.uuid} />
      </>
    ),
  })
