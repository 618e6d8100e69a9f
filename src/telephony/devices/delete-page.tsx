import type { FormPage } from '../../panel/answers.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { type Device, titleOf } from './devices.ts'

export const deletePage = ({ t }: Kit, device: Device): FormPage =>
  confirmPage({
    title: t('devices.remove_ask', { device: titleOf(device) }),
    lede: device.userAgent,
    above: [[t('devices.title'), '/devices']],
    note: t('devices.comes_back'),
    to: '/devices',
    button: t('devices.remove'),
    cancel: [t('panel.cancel'), '/devices'],
    address: `/devices/${encodeURIComponent(device.uuid)}/delete`,
    children: <Hidden name="uuid" value={device.uuid} />,
  })
