using AfsLike.Common;
using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// What the server has of a file, kept beside the local file while several hosts lock it at once: so it can be told which bytes were written here (<see cref="Merging"/>). Of a file that is passed
/// through all of it, of one whose writes are told each chunk before it is written to for the first time.
/// </summary>
/// <param name="length">Bytes of the version.</param>
internal sealed class BaseCopy(long length, bool isGood)
{
    private readonly Dictionary<int, byte[]> _chunks = [];

    /// <summary>Who copies what is about to be written to, or takes something in, does so alone.</summary>
    public Turnstile Gate { get; } = new();

    /// <summary>What was taken in of late, while the kernel may have pages of before.</summary>
    public ReplacedRuns Replaced { get; } = new();

    /// <summary>Of the version, in bytes.</summary>
    public long Length { get; private set; } = length;

    /// <summary>Not yet while something was unstored when it began: then what is stored next is what it keeps.</summary>
    public bool IsGood { get; private set; } = isGood;

    /// <summary>Empty behind the end; null: not known.</summary>
    public byte[]? Of(int chunk) => !IsGood ? null : IsBehind(chunk) ? [] : _chunks.GetValueOrDefault(chunk);

    /// <summary>It is not kept yet, and there is room.</summary>
    public bool Wants(int chunk) => !_chunks.ContainsKey(chunk) && HasRoom(chunk) && !IsBehind(chunk);

    public void Keep(int chunk, byte[] bytes)
    {
        if (HasRoom(chunk))
        {
            _chunks[chunk] = bytes;
        }
    }

    /// <summary>The version has this length now, and its chunks have been given.</summary>
    public void Is(long newLength)
    {
        Length = newLength;
        foreach (var chunk in _chunks.Keys.Where(IsBehind).ToList())
        {
            _chunks.Remove(chunk);
        }
    }

    private bool HasRoom(int chunk) => _chunks.ContainsKey(chunk) || _chunks.Count < ContentCache.MostBaseChunks;

    private bool IsBehind(int chunk) => (long)chunk * Limits.ChunkSize >= Length;

    /// <summary>A store under way: once it is answered, what it has sent is what the server has.</summary>
    internal sealed class Sending(BaseCopy copy)
    {
        private readonly Dictionary<int, byte[]> _sent = [];

        /// <summary>It begins anew.</summary>
        public void Clear() => _sent.Clear();

        public void Add(int chunk, ReadOnlySpan<byte> bytes)
        {
            if (copy._chunks.ContainsKey(chunk) || copy._chunks.Keys.Union(_sent.Keys).Count() < ContentCache.MostBaseChunks)
            {
                _sent[chunk] = bytes.ToArray();
            }
        }

        public void Stored(long newLength)
        {
            foreach (var (chunk, bytes) in _sent)
            {
                copy.Keep(chunk, bytes);
            }

            copy.IsGood = true;
            copy.Is(newLength);
        }
    }
}
