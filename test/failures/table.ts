// Every failure that a program can meet, and what it is told: one table for both systems.
import { acting } from './acting.ts';
import { broadcasting } from './broadcasting.ts';
import { connecting } from './connecting.ts';
import { ending } from './ending.ts';
import { overHttp } from './http.ts';
import { receiving } from './receiving.ts';
import type { Case } from './row.ts';
import { sending } from './sending.ts';
import { serving } from './serving.ts';
import { streams } from './streams.ts';

export const table: readonly Case[] = [
  ...connecting,
  ...serving,
  ...sending,
  ...streams,
  ...overHttp,
  ...receiving,
  ...ending,
  ...broadcasting,
  ...acting,
];
