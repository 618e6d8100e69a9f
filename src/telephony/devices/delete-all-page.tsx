import type { FormPage } from '../../panel/answers.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { type Device, titleOf } from './devices.ts'

export const deleteAllPage = ({ t }: Kit, devices: readonly Device[]): FormPage =>
  confirmPage({
    title: t('devices.remove_all_ask'),
    above: [[t('devices.title'), '/devices']],
    goes: devices.map(titleOf),
    note: t('devices.all_come_back'),
    to: '/devices/delete',
    button: t('devices.remove_all'),
    cancel: [t('panel.cancel'), '/devices'],
    address: '/devices/delete',
  })
