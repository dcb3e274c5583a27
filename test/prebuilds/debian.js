// Files of another Debian, or for another processor, from this machine's archive; the system stays as it is.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { must, needPackages, root } from '../run/command.js';

const cache = `${process.env.XDG_CACHE_HOME || `${homedir()}/.cache`}/framepipe/debian`;

/** The folder that these packages of a suite are unpacked in. */
export async function debianFiles(suite, arch, packages) {
  const folder = `${cache}/${[suite, arch, ...packages].join('+')}`;
  if (existsSync(folder)) return folder;
  needPackages('debian-archive-keyring');
  mkdirSync(cache, { recursive: true });
  const beside = mkdtempSync(`${cache}/new-`); // renamed when complete: another run may look
  const apt = (...args) =>
    must(`${root}/native/cross/rig/apt-of.sh`, [suite, `${beside}/apt`, '-o', `APT::Architectures=${arch}`, ...args], {
      cwd: beside,
    });
  await apt('-o', `APT::Architecture=${arch}`, 'update');
  await apt('-o', `APT::Architecture=${arch}`, 'download', ...packages);
  for (const file of readdirSync(beside).filter((name) => name.endsWith('.deb')))
    await must('dpkg-deb', ['-x', file, 'files'], { cwd: beside });
  rmSync(folder, { recursive: true, force: true });
  renameSync(`${beside}/files`, folder);
  rmSync(beside, { recursive: true });
  return folder;
}
