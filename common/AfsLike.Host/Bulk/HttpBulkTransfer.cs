using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using AfsLike.Common.Model;

namespace AfsLike.Host.Bulk;

/// <summary>
/// Chunks over HTTP/1.1 with the server's bulk endpoints: GET and PUT /bulk/TICKET/CHUNK. Several connections, each in its own TLS session, so that two
/// processors can encrypt at once. Both requests are idempotent: one that fails for want of a connection is sent again until <see cref="RetryFor"/>
/// has passed, which is what any call waits for the server (F1).
/// </summary>
public sealed class HttpBulkTransfer : IDisposable
{
    /// <summary>A request begins anew after a lost connection until so long after its first beginning.</summary>
    public static readonly TimeSpan RetryFor = TimeSpan.FromSeconds(60);

    /// <summary>One attempt, its body included: a megabyte in this time is a very slow line, and beyond it a dead one.</summary>
    public static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(60);

    /// <summary>Bytes from which on a transfer tells how thick the line is.</summary>
    private const int TellingSize = 512 * 1024;

    private const string ChecksumHeader = "afs-checksum";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Lanes _lanes = new();
    private readonly HttpClient _client;
    private readonly string _base;
    private readonly TimeProvider _time;

    /// <param name="address">HOST:PORT of the server.</param>
    /// <param name="tls">Our certificate and whom we accept.</param>
    /// <param name="time">Null: the system's.</param>
    public HttpBulkTransfer(string address, SslClientAuthenticationOptions tls, TimeProvider? time = null)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            UseProxy = false,
            MaxConnectionsPerServer = Lanes.Most,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        _client = new HttpClient(handler)
        {
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan, // AttemptLimit holds for the body too
        };
        _base = $"https://{address}/bulk/";
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Fills the buffer with the chunk, which has exactly its length. Throws AfsException.</summary>
    public Task GetAsync(ReadOnlyMemory<byte> ticket, ulong chunk, Memory<byte> buffer, CancellationToken cancel) => AgainAsync(
        buffer.Length,
        async limit =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address(ticket, chunk));
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
            await CheckAsync(response, chunk, limit).ConfigureAwait(false);
            if (response.Content.Headers.ContentLength is { } length && length != buffer.Length)
            {
                throw new AfsException(AfsError.Protocol, $"chunk {chunk} came with {length} bytes, and should have {buffer.Length}");
            }

            var body = await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                await body.ReadExactlyAsync(buffer, limit).ConfigureAwait(false);
            }
        },
        cancel);

    /// <summary>Durable at the server when it completes. Throws AfsException.</summary>
    public Task PutAsync(ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum, CancellationToken cancel) => AgainAsync(
        bytes.Length,
        async limit =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, Address(ticket, chunk)) { Content = new ReadOnlyMemoryContent(bytes) };
            request.Headers.Add(ChecksumHeader, checksum.ToString());
            using var response = await _client.SendAsync(request, limit).ConfigureAwait(false);
            await CheckAsync(response, chunk, limit).ConfigureAwait(false);
        },
        cancel);

    /// <summary>As many as make sense on this line.</summary>
    public int AtOnce => _lanes.Count;

    public void Dispose() => _client.Dispose();

    private async Task AgainAsync(int size, Func<CancellationToken, Task> work, CancellationToken cancel)
    {
        var began = _time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause + pause > LongestPause ? LongestPause : pause + pause)
        {
            try
            {
                await InLaneAsync(size, work, cancel).ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                cancel.ThrowIfCancellationRequested();
                var refused = failure.InnerException is AuthenticationException;
                if (refused || _time.GetElapsedTime(began) + pause > RetryFor)
                {
                    throw new AfsException(
                        refused ? AfsError.Unavailable : AfsError.TimedOut, $"the server cannot be reached for bulk data: {Reason(failure)}", failure);
                }
            }
            catch (OperationCanceledException slow) when (!cancel.IsCancellationRequested)
            {
                throw new AfsException(AfsError.TimedOut, "the server did not answer a transfer of bulk data in time", slow);
            }

            await Task.Delay(pause, _time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Within <see cref="AttemptLimit"/>, the wait for a lane included.</summary>
    private async Task InLaneAsync(int size, Func<CancellationToken, Task> work, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(AttemptLimit);
        await _lanes.EnterAsync(limit.Token).ConfigureAwait(false);
        TimeSpan? took = null;
        var began = _time.GetTimestamp();
        try
        {
            await work(limit.Token).ConfigureAwait(false);
            took = size < TellingSize ? null : _time.GetElapsedTime(began);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            took = AttemptLimit;
            throw;
        }
        finally
        {
            _lanes.Leave(took);
        }
    }

    private static string Reason(Exception failure)
    {
        var deepest = failure;
        while (deepest.InnerException is { } inner)
        {
            deepest = inner;
        }

        return deepest.Message;
    }

    private static async Task CheckAsync(HttpResponseMessage response, ulong chunk, CancellationToken cancel)
    {
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return;
        }

        var detail = (await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)).TrimEnd();
        var error = response.StatusCode switch
        {
            HttpStatusCode.NotFound => AfsError.BadHandle,
            HttpStatusCode.Unauthorized => AfsError.NotPermitted,
            HttpStatusCode.InsufficientStorage => AfsError.NoSpace,
            HttpStatusCode.InternalServerError => AfsError.Corrupted,
            _ => AfsError.Protocol,
        };
        throw new AfsException(error, $"chunk {chunk}: {detail}");
    }

    private Uri Address(ReadOnlyMemory<byte> ticket, ulong chunk) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{_base}{Convert.ToHexStringLower(ticket.Span)}/{chunk}"));
}
