import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import S3rver from 's3rver'
import { testFolder } from './folder.ts'

const BUCKET = 'voicemails'

/** A server that speaks S3, with one bucket; and the settings that lead to it. */
export const startS3 = async () => {
  const directory = mkdtempSync(join(testFolder, 's3-'))
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  })
  const { port } = await server.run()
  return {
    env: {
      FILES_S3_BUCKET: BUCKET,
      FILES_S3_ENDPOINT: `http://127.0.0.1:${port}`,
      FILES_S3_ACCESS_KEY_ID: 'S3RVER',
      FILES_S3_SECRET_ACCESS_KEY: 'S3RVER',
    },
    /** The bucket, as somebody else sees it. */
    bucket: new Bun.S3Client({
      bucket: BUCKET,
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
    }),
    close: async () => {
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
