using System.Buffers.Binary;
using AfsLike.Common.Wire;
using AfsLike.Simulation.World;
using Google.Protobuf;

namespace AfsLike.Simulation.Jobs;

/// <summary>What a simulated command does, decided where it is typed and carried to where it runs as its only argument.</summary>
/// <param name="Seed">Of its output and of its pauses.</param>
/// <param name="Pieces">Pieces of output it prints, on both streams.</param>
/// <param name="Input">Bytes it is given to read, before it ends.</param>
/// <param name="ExitCode">0 to 255.</param>
internal sealed record JobPlan(ulong Seed, int Pieces, int Input, uint ExitCode)
{
    private const int Size = 20;

    public static JobPlan Draw(SeededRandom chance) => new(
        chance.NextBits(), chance.OneIn(8) ? chance.Next(200) : chance.Next(8), chance.OneIn(3) ? chance.Next(100_000) : 0, chance.OneIn(2) ? 0 : (uint)chance.Next(256));

    public ByteString Encode()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Seed);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Pieces);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Input);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), ExitCode);
        return ByteString.CopyFrom(bytes);
    }

    public static JobPlan Decode(JobStart start)
    {
        var bytes = start.Arguments[0].Span;
        return new JobPlan(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]));
    }

    /// <summary>Stream and bytes of each piece of output, in order.</summary>
    public IEnumerable<(uint Stream, byte[] Bytes)> Output()
    {
        var chance = new SeededRandom(Seed);
        for (var i = 0; i < Pieces; i++)
        {
            var stream = 1 + (uint)chance.Next(2);
            var bytes = new byte[1 + chance.Next(chance.OneIn(10) ? 60_000 : 500)];
            chance.NextBytes(bytes);
            yield return (stream, bytes);
        }
    }

    public byte[] Stdin()
    {
        var bytes = new byte[Input];
        new SeededRandom(Seed ^ 1).NextBytes(bytes);
        return bytes;
    }
}
