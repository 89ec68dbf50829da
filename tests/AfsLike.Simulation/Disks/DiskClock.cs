namespace AfsLike.Simulation.Disks;

/// <summary>Does something once a disk has read or written so many bytes: at a simulated moment, or in tests of the stores at once.</summary>
public delegate void DiskClock(int bytes, Action work);
