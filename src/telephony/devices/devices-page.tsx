import type { Visit } from '../../nouns/visit.ts'
import { page, texts } from '../../panel/layout.tsx'
import { deviceFacts } from './device-facts.tsx'
import { type Device, type Devices, NO_DEVICES, titleOf } from './devices.ts'

export const devicesPage = (
  visit: Visit,
  basePath: string,
  devices: readonly Device[],
  registrarState: ReturnType<Devices['registrarState']>,
): Response => {
  const t = texts(visit)
  return page(visit, basePath, {
    title: 'devices.title',
    children:
      devices.length === 0 ? (
        <p class="empty">{t(NO_DEVICES[registrarState])}</p>
      ) : (
        <>
          <p>{t('devices.why')}</p>
          <ul class="cards">
            {devices.map((device) => (
              <li>
                <p class="name">{titleOf(device)}</p>
                {deviceFacts(visit, device)}
                <a href={`${basePath}/devices/${encodeURIComponent(device.uuid)}/delete`}>{t('devices.remove')}</a>
              </li>
            ))}
          </ul>
          {devices.length < 2 ? null : (
            <p>
              <a href={`${basePath}/devices/delete`}>{t('devices.remove_all')}</a>
            </p>
          )}
        </>
      ),
  })
}
