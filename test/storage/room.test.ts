/** The last of a disk is kept for deletions and compaction. */
import { expect } from 'chai';
import { Room } from '../../storage/embedded/room.ts';

const megabyte = 1024 * 1024;

describe('the room on a disk', () => {
  const roomOf = (free: number, disk = 1000) => {
    const disks = { free: free * megabyte, looks: 0, now: 0 };
    const measure = () => {
      disks.looks += 1;
      return { freeBytes: disks.free, diskBytes: disk * megabyte };
    };
    return { disks, room: new Room(measure, () => disks.now) };
  };

  it('ends before the disk does', () => {
    expect(roomOf(5).room.has(1000)).to.equal(true);
    expect(roomOf(4).room.has(1000)).to.equal(false);
    expect(roomOf(5).room.has(megabyte)).to.equal(false);
  });

  it('ends later on a small one', () => {
    expect(roomOf(3, 16).room.has(1000)).to.equal(true);
    expect(roomOf(2, 16).room.has(1000)).to.equal(false);
  });

  it('is looked at once a second while there is plenty, and each time when there is not', () => {
    const { room, disks } = roomOf(500);
    for (let i = 0; i < 100; i += 1) room.has(1000);
    expect(disks.looks).to.equal(1);
    disks.now = 1000;
    disks.free = 10 * megabyte;
    for (let i = 0; i < 10; i += 1) room.has(1000);
    expect(disks.looks).to.equal(11);
  });

  it('is looked at again when as much was written as it had', () => {
    const { room, disks } = roomOf(500);
    for (let i = 0; i < 300; i += 1) room.has(megabyte);
    expect(disks.looks).to.be.above(1);
  });
});
