import type { Visit } from '../../nouns/visit.ts'
import { actionForm } from '../../panel/form-page.tsx'
import { page, texts } from '../../panel/layout.tsx'
import { type Device, titleOf } from './devices.ts'

export const deleteAllPage = (visit: Visit, basePath: string, devices: readonly Device[]): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'devices.remove_all',
    children: (
      <>
        <ul>
          {devices.map((device) => (
            <li>{titleOf(device)}</li>
          ))}
        </ul>
        <p>{t('devices.all_come_back')}</p>
        {actionForm(visit, basePath, { path: '/devices/delete', button: 'devices.remove_all' })}
        <p>
          <a href={`${basePath}/devices`}>{t('panel.cancel')}</a>
        </p>
      </>
    ),
  })
}
