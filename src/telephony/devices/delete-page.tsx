import type { Visit } from '../../nouns/visit.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { deviceFacts } from './device-facts.tsx'
import { type Device, titleOf } from './devices.ts'

export const deletePage = (visit: Visit, basePath: string, device: Device): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'devices.remove',
    children: (
      <>
        <p class="name">{titleOf(device)}</p>
        {deviceFacts(visit, device)}
        <p>{t('devices.comes_back')}</p>
        {actionForm(visit, basePath, {
          path: '/devices',
          button: 'devices.remove',
          children: <input type="hidden" name="uuid" value={device.uuid} />,
        })}
        <p>
          <a href={`${basePath}/devices`}>{t('panel.cancel')}</a>
        </p>
      </>
    ),
  })
}
